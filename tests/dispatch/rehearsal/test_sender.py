"""The way to the sink: the newsletter's own settings, and never its server."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from newsletter.dispatch import pace_of
from newsletter.dispatch.driving import pacing_rules
from newsletter.dispatch.rehearsal.rehearsing import limits_of
from newsletter.dispatch.rehearsal.sender import HOST, sink_settings, unhindered
from newsletter.providers.base import Limits
from newsletter.providers.smtp import Settings as SmtpSettings
from newsletter.settings import load, provider_settings
from newsletter.workspace import Workspace

SMTP = {
    "NEWSLETTER_PROVIDER": "smtp",
    "NEWSLETTER_PROVIDERS__SMTP__HOST": "smtp.example.org",
    "NEWSLETTER_PROVIDERS__SMTP__USERNAME": "us",
    "NEWSLETTER_PROVIDERS__SMTP__PASSWORD": "a password",
    "NEWSLETTER_PROVIDERS__SMTP__HELO": "ours.example.org",
    "NEWSLETTER_PROVIDERS__SMTP__CONNECTIONS": "9",
}
OTHER = {"NEWSLETTER_PROVIDER": "sendgrid", "NEWSLETTER_PROVIDERS__SENDGRID__API_KEY": "SG.a-key"}


@pytest.mark.parametrize("environ", [SMTP, OTHER, {}])
def test_nothing_but_the_sink_is_spoken_to_and_no_password_goes_there(
    workspace: Workspace, environ: Mapping[str, str]
) -> None:
    found = sink_settings(load(workspace, environ), workspace, 2525)
    assert isinstance(found, SmtpSettings)
    assert (found.host, found.port, found.tls) == (HOST, 2525, "none")
    assert (found.username, found.password, found.ca_file) == (None, None, None)


def test_own_settings_of_the_newsletter_stay(workspace: Workspace) -> None:
    found = sink_settings(load(workspace, SMTP), workspace, 2525)
    assert isinstance(found, SmtpSettings)
    assert (found.helo, found.connections) == ("ours.example.org", 9)


@pytest.mark.parametrize(("environ", "limits"), [(SMTP, Limits(1, 9)), ({}, None)])
def test_limits_are_read_without_opening_the_provider(
    workspace: Workspace, environ: Mapping[str, str], limits: Limits | None
) -> None:
    settings = load(workspace, environ)
    assert limits_of(provider_settings(settings, workspace, settings.provider)) == limits


def test_rehearsal_waits_for_no_limit_no_night_and_no_brake(workspace: Workspace) -> None:
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write('\n[dispatch]\nquiet_hours = "00:00-23:59"\n[limits.outbox]\nper_second = 1\n')
    found = unhindered(load(workspace, {}))
    pace = pace_of(found)
    assert pace.quiet.until(datetime(2026, 2, 10, 12, tzinfo=UTC)) is None
    assert pace.rejected is None
    assert not pacing_rules(found, "smtp").limits
