"""Checks an issue before it is sent: gathers what the checks may ask, and runs them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from newsletter import __version__
from newsletter.compatibility import chosen_clients
from newsletter.dispatch.build import build_prepared
from newsletter.dispatch.earlier import earlier_issues
from newsletter.dispatch.prepare import PreparedIssue
from newsletter.errors import FetchError
from newsletter.fetching import Fetched
from newsletter.items import Event
from newsletter.manuscript import read_manuscript, read_terms
from newsletter.preflight import base
from newsletter.preflight.base import UNMERGED, AudienceReport, Context, Report, Severity, names, run
from newsletter.render.translations import read_translations
from newsletter.settings import Settings
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace

OFF: Final = "off"

Show: TypeAlias = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Shows how far a work is that has so many parts; what it gives is called with how many were just done."""

_SILENT: Final = frozenset({"dns", "connection", "timeout"})


@contextmanager
def _unseen(_total: int) -> Iterator[Callable[[int], None]]:
    yield lambda _more: None


def make_context(
    workspace: Workspace,
    settings: Settings,
    definitions: Definitions,
    prepared: PreparedIssue,
    today: date,
    *,
    audience: AudienceReport = UNMERGED,
    fetched: Mapping[str, Any] | None = None,
) -> Context:
    """Gather what checks may ask about an issue.

    Args:
        today: In the newsletter's own time zone.
        audience: What merging for everybody found, where somebody has merged.
        fetched: What each link led to; None without network.

    Raises:
        ContentError: The word list or a file of the issue cannot be read.
        SettingsError: There is no such mail client as the settings name.
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
        clients=tuple(one.name for one in chosen_clients(settings.preflight.clients)),
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
    patient: bool = False,
    audience: AudienceReport = UNMERGED,
    show: Show = _unseen,
) -> tuple[Context, Report]:
    """Run all checks, each as strictly as the workspace wants it.

    Without network, the context holds nothing of what links lead to.

    Args:
        offline: Leave out what needs the network.
        patient: Ask other programs of this machine too, which takes seconds.
        audience: What merging for everybody found, where somebody has merged.
        show: Shows how far following the links is, by the number of hosts.

    Raises:
        WorkspaceError: What links lead to cannot be remembered.
    """
    today = now.astimezone(ZoneInfo(settings.time_zone)).date()
    context = make_context(workspace, settings, definitions, prepared, today, audience=audience)
    if not offline:
        context = replace(context, fetched=_follow(context, now, show))
    return context, run(names(), context, severities(settings), patient=patient)


def _follow(context: Context, now: datetime, show: Show) -> Mapping[str, Fetched | FetchError] | None:
    """Look at the page behind each link; None where nothing at all answers, not even our own site."""
    # Brings in all of HTTP, which checking without network does without.
    from newsletter.links import LinkCache, Page, fetch_pages, page_of, pages_of

    public_url = context.settings.public_url
    sources = (Page(url, whole=True) for url in event_pages(context))
    pages = {page.url: page for page in (Page(page_of(public_url)), *pages_of(context.links.web), *sources)}
    left = Counter(page.host for page in pages.values())
    agent = f"newsletter/{__version__} (checks links; {public_url})"
    with show(len(left)) as advance:

        def visited(page: Page) -> None:
            left[page.host] -= 1
            if not left[page.host]:
                advance(1)

        cache = LinkCache(context.workspace.state / "cache" / "links", now)
        found = fetch_pages(pages.values(), cache, agent, visited)
    cut_off = all(isinstance(one, FetchError) and one.kind in _SILENT for one in found.values())
    return None if cut_off else found


def event_pages(context: Context) -> tuple[str, ...]:
    """Give the pages that tell of the issue's events themselves, where these may have been changed since."""
    from newsletter.links import is_web, page_of

    urls = (entry.item.url for entry in context.entries() if isinstance(entry.item, Event))
    return tuple(dict.fromkeys(page_of(url) for url in urls if url and is_web(url)))


def catalogue(settings: Settings) -> Callable[[str], str]:
    """Give what translates findings into the language of the workspace; English where there are no words of it."""
    return read_translations([Path(base.__file__).with_name("words")], settings.language).gettext


def severities(settings: Settings) -> dict[str, Severity | None]:
    """Give what the workspace says about how much checks weigh; None for one that is off."""
    return {name: None if said == OFF else Severity(said) for name, said in settings.preflight.severity.items()}
