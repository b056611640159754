"""Reads an issue with its template and list and compiles it: where building, testing and sending start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.dispatch.readers import ReaderLinks
from newsletter.errors import Place, SettingsError
from newsletter.expressions import Schema
from newsletter.issues import Issue, assert_layouts, read_issue
from newsletter.media import CACHE_FOLDER, Collected, Copies, Media, PictureCache, collect, document_file
from newsletter.message import Mailbox, ascii_domain
from newsletter.render import (
    Calendar,
    CompiledIssue,
    Letterhead,
    Masthead,
    PageCache,
    Template,
    collect_calendar,
    compile_issue,
    load_template,
    references,
)
from newsletter.settings import Settings
from newsletter.subscribers import Definitions, ListDefinition
from newsletter.tokens import Signer
from newsletter.workspace import Workspace

UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"


@dataclass(frozen=True, slots=True)
class PreparedIssue:
    """An issue compiled for one list.

    Args:
        collected: The pictures and documents that it may show.
        media: Those that it does show, as they are published.
        cache: What is known of the pictures already.
    """

    issue: Issue
    template: Template
    collected: Collected
    media: Media
    calendar: Calendar
    compiled: CompiledIssue
    list: ListDefinition | None
    masthead: Masthead
    schema: Schema
    cache: PictureCache


def prepare_issue(
    workspace: Workspace, settings: Settings, definitions: Definitions, slug: str, list_name: str | None
) -> PreparedIssue:
    """Read and compile an issue.

    Args:
        list_name: The list whose name and reason stand in the message; None takes the only or first one.

    Raises:
        ContentError: The issue, an item or the list is not as it should be.
        TemplateError: The template is not.
    """
    issue = read_issue(
        workspace,
        slug,
        definitions.schema(),
        time_zone=settings.time_zone,
        language=settings.language,
    )
    template = load_template(workspace.templates / issue.template)
    assert_layouts(workspace, issue, template.manifest.layouts, template.manifest.kinds)
    recipients = definitions.list(list_name) if list_name else next(iter(definitions.lists.values()), None)
    masthead = Masthead(
        name=settings.name,
        organisation=settings.sender.organisation or settings.name,
        postal_address=settings.sender.postal_address,
        url=settings.public_url,
        list_name=recipients.name.said(issue.language) if recipients else "",
        list_reason=recipients.reason.said(issue.language) if recipients else "",
        time_zone=settings.time_zone,
        topics={topic: one.name.said(issue.language) for topic, one in definitions.topics.items()},
    )
    cache = PictureCache(workspace.state / CACHE_FOLDER)
    collected = _collect(issue, template, settings, cache)
    calendar = collect_calendar(
        issue,
        masthead,
        settings.sender.reply_to or settings.sender.email,
        template.translations(issue.language),
        base=settings.media_url,
        markup=settings.markup.events,
    )
    pages = PageCache(workspace.state / "cache" / "pages")
    compiled = compile_issue(issue, template, masthead, definitions.schema(), collected, calendar, pages)
    media = _shown(collected, compiled, cache)
    return PreparedIssue(
        issue, template, collected, media, calendar, compiled, recipients, masthead, definitions.schema(), cache
    )


def _collect(issue: Issue, template: Template, settings: Settings, cache: PictureCache) -> Collected:
    keep = timedelta(hours=settings.media.keep_hours)
    return collect(
        (*references(issue), *template.logos.values()),
        cache,
        Copies(cache.folder / "copies", keep, frozenset(settings.media.allow)),
        base=settings.media_url,
        paper=template.paper,
    )


def _shown(collected: Collected, compiled: CompiledIssue, cache: PictureCache) -> Media:
    """Give what an issue publishes: its documents, and its pictures in the sizes that it shows them in."""
    files = [document_file(document) for document in collected.documents.values()]
    files += [cache.picture_file(picture) for picture in compiled.pictures]
    return Media(collected.base, tuple(sorted(files, key=lambda file: (file.source, file.name))))


def make_letterhead(prepared: PreparedIssue, settings: Settings, date: datetime) -> Letterhead:
    """Make the header fields that all messages of a dispatch share.

    Raises:
        SettingsError: The sender's address has no domain.
    """
    domain = settings.sender.email.rpartition("@")[2]
    if not domain:
        raise SettingsError(
            "the sender's address has no domain", where=Place(field="sender.email"), remedy="Correct it."
        )
    label = prepared.list.id if prepared.list else "newsletter"
    return Letterhead(
        sender=Mailbox(settings.sender.email, settings.sender.name),
        reply_to=Mailbox(settings.sender.reply_to) if settings.sender.reply_to else None,
        date=date,
        list_name=prepared.list.name.said(prepared.issue.language) if prepared.list else settings.name,
        list_id=f"{label}.{ascii_domain(domain)}",
        feedback_id=f"{_ascii(prepared.issue.slug)}:{label}:newsletter:{ascii_domain(domain)}",
    )


def reader_links(signer: Signer, public_url: str, list_id: str, slug: str) -> ReaderLinks:
    """Make the function that gives a subscriber's own links.

    The tokens name the subscriber by number and the list; they carry no address and do not expire.
    """
    web = f"{public_url}issues/{slug}/"

    def links(subscriber: int) -> Mapping[str, str]:
        payload = f"{subscriber}:{list_id}".encode()
        return {
            "unsubscribe": f"{public_url}leave/{signer.sign(UNSUBSCRIBE, payload)}",
            "preferences": f"{public_url}preferences/{signer.sign(PREFERENCES, payload)}",
            "web": web,
        }

    return links


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii").replace("?", "-").replace(":", "-")
