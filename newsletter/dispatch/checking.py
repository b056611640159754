"""Checks an issue before it is sent: gathers what the checks may ask, and runs them."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from newsletter.dispatch.build import build_prepared
from newsletter.dispatch.earlier import earlier_issues
from newsletter.dispatch.prepare import PreparedIssue
from newsletter.manuscript import read_manuscript, read_terms
from newsletter.preflight import base
from newsletter.preflight.base import AudienceReport, Context, Report, Severity, names, run
from newsletter.render.translations import read_translations
from newsletter.settings import Settings
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace

OFF: Final = "off"


def make_context(
    workspace: Workspace,
    settings: Settings,
    definitions: Definitions,
    prepared: PreparedIssue,
    today: date,
    *,
    audience: AudienceReport | None = None,
    fetched: Mapping[str, Any] | None = None,
) -> Context:
    """Gather what checks may ask about an issue.

    Args:
        today: In the newsletter's own time zone.
        audience: What merging for everybody found, where somebody has merged.
        fetched: What each link led to; None without network.

    Raises:
        ContentError: The word list or a file of the issue cannot be read.
    """
    issue = prepared.issue
    built = build_prepared(settings, prepared, example_record(definitions))
    manuscript = read_manuscript(workspace, issue)
    return Context(
        workspace=workspace,
        settings=settings,
        issue=issue,
        template=prepared.template,
        html=built.html,
        text=built.text,
        subject=built.subject,
        message=built.message,
        compiled=prepared.compiled,
        media=prepared.media,
        manuscript=manuscript,
        today=today,
        earlier=earlier_issues(workspace, issue, settings.preflight.look_back),
        terms=read_terms(workspace),
        audience=audience,
        fetched=fetched,
        clients=settings.preflight.clients,
        digests={file: hashlib.sha256(sheet.path.read_bytes()).hexdigest() for file, sheet in manuscript.items.items()},
    )


def check_issue(
    workspace: Workspace,
    settings: Settings,
    definitions: Definitions,
    prepared: PreparedIssue,
    now: datetime,
    *,
    offline: bool,
) -> tuple[Context, Report]:
    """Run all checks, each as strictly as the workspace wants it.

    Args:
        offline: Leave out what needs the network.
    """
    today = now.astimezone(ZoneInfo(settings.time_zone)).date()
    context = make_context(workspace, settings, definitions, prepared, today, fetched=None if offline else {})
    return context, run(names(), context, severities(settings))


def catalogue(settings: Settings) -> Callable[[str], str]:
    """Give what translates findings into the language of the workspace; English where there are no words of it."""
    return read_translations(Path(base.__file__).with_name("words"), settings.language).gettext


def severities(settings: Settings) -> dict[str, Severity | None]:
    """Give what the workspace says about how much checks weigh; None for one that is off."""
    return {name: None if said == OFF else Severity(said) for name, said in settings.preflight.severity.items()}
