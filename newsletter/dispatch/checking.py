"""Checks an issue before it is sent: gathers what the checks may ask, and runs them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from newsletter.dispatch.build import build_prepared
from newsletter.dispatch.earlier import earlier_issues
from newsletter.dispatch.prepare import PreparedIssue
from newsletter.errors import DispatchError
from newsletter.manuscript import read_manuscript, read_terms
from newsletter.preflight.base import AudienceReport, Context, Report, Severity, names, run
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


def check_issue(context: Context) -> Report:
    """Run all checks, each as strictly as the workspace wants it."""
    return run(names(), context, severities(context.settings))


def severities(settings: Settings) -> dict[str, Severity | None]:
    """Give what the workspace says about how much checks weigh; None for one that is off."""
    return {name: None if said == OFF else Severity(said) for name, said in settings.preflight.severity.items()}


@dataclass(frozen=True, slots=True)
class Override:
    """That somebody sends an issue in spite of what stops it.

    Args:
        findings: How many of each check are overridden.
    """

    reason: str
    by: str
    findings: Mapping[str, int]


def override(report: Report, reason: str, by: str) -> Override | None:
    """Override what stops an issue; None where nothing does.

    Raises:
        DispatchError: No reason is given.
    """
    if not reason.strip():
        raise DispatchError("there is no reason", remedy="Say why it is sent all the same; the receipt keeps it.")
    if not report.blocking:
        return None
    counted: dict[str, int] = {}
    for one in report.blocking:
        counted[one.check] = counted.get(one.check, 0) + 1
    return Override(reason.strip(), by, dict(sorted(counted.items())))
