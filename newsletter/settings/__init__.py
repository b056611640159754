"""`newsletter.toml`, the environment and the secrets."""

from newsletter.settings.databases import HIDDEN, hide_password
from newsletter.settings.limits import DEFAULT, PERIODS, LimitSettings, LimitsSettings, WarmUpSettings, check_domain
from newsletter.settings.model import (
    ApprovalSettings,
    DispatchSettings,
    FeedbackSettings,
    PrivacySettings,
    Sender,
    Settings,
    is_time_zone,
)
from newsletter.settings.providers import is_secret
from newsletter.settings.reading import check, load, provider_settings
from newsletter.settings.secret import SECRET_FILE, SECRET_VARIABLE, secret_keys
from newsletter.settings.sources import Origin, variable_name
from newsletter.settings.toml import find_keys

__all__ = [
    "DEFAULT",
    "HIDDEN",
    "PERIODS",
    "SECRET_FILE",
    "SECRET_VARIABLE",
    "ApprovalSettings",
    "DispatchSettings",
    "FeedbackSettings",
    "LimitSettings",
    "LimitsSettings",
    "Origin",
    "PrivacySettings",
    "Sender",
    "Settings",
    "WarmUpSettings",
    "check",
    "check_domain",
    "find_keys",
    "hide_password",
    "is_secret",
    "is_time_zone",
    "load",
    "provider_settings",
    "secret_keys",
    "variable_name",
]
