"""The way to the sink: the newsletter's own settings, and never its server."""

from collections.abc import Mapping

import pytest

from newsletter.dispatch.rehearsal.rehearsing import limits_of
from newsletter.dispatch.rehearsal.sender import HOST, sink_settings
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
