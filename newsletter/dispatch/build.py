"""Builds an issue for one reader without sending it: what can be looked at, measured and compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from newsletter.dispatch.costs import Costs, literal_bytes, measure_costs
from newsletter.dispatch.prepare import PreparedIssue, make_letterhead, prepare_issue
from newsletter.dispatch.readers import make_reader
from newsletter.media import FolderTarget, Media, publish
from newsletter.message import DeliveryKey
from newsletter.render import Merger, calendar_files
from newsletter.render.slots import Block, Parts, Slot, walk
from newsletter.settings import Settings
from newsletter.subscribers import Definitions, Record
from newsletter.workspace import Workspace, write_atomically

EXAMPLE_KEY: Final = DeliveryKey("example" + "a" * 19)
EXAMPLE_HOUR: Final = time(9)
CLIPPED_AT: Final = 102_400
"""Bytes of HTML after which a well-known mail client hides the rest behind a link."""


@dataclass(frozen=True)
class Built:
    """An issue as one reader would get it.

    Args:
        html: The HTML part, its pictures at their public URLs.
        message: The whole message.
    """

    prepared: PreparedIssue
    subject: str
    html: str
    text: str
    message: bytes

    @cached_property
    def calendars(self) -> Mapping[str, bytes]:
        """The calendar files as they would be published for the first time, by name."""
        return calendars_of(self.prepared)

    @cached_property
    def costs(self) -> Costs:
        """What each section and item costs; takes as long as compiling the issue once for each."""
        return measure_costs(self.prepared)

    def html_with_pictures_in(self, base: str) -> str:
        """Give the HTML part with its files at another place than their public URL, such as "media/"."""
        html = self.html
        for name in (*self.prepared.media.by_name, *self.calendars):
            html = html.replace(f"{self.prepared.media.base}{name}", f"{base}{name}")
        return html

    @property
    def clipped(self) -> bool:
        """Whether a well-known mail client hides the end."""
        return len(self.html.encode()) > CLIPPED_AT


def build_issue(
    workspace: Workspace,
    settings: Settings,
    definitions: Definitions,
    slug: str,
    list_name: str | None,
    record: Record,
) -> Built:
    """Build an issue for one reader; equal files give equal bytes.

    The reader's links end in "example", and the message is dated on the issue's own day.

    Raises:
        NewsletterError: The issue, an item, the template or the list is not in order.
    """
    return build_prepared(settings, prepare_issue(workspace, settings, definitions, slug, list_name), record)


def build_prepared(settings: Settings, prepared: PreparedIssue, record: Record) -> Built:
    """Build an issue that was compiled already; see `build_issue`."""
    date = datetime.combine(prepared.issue.date, EXAMPLE_HOUR, ZoneInfo(settings.time_zone))
    merger = Merger(prepared.compiled, make_letterhead(prepared, settings, date))
    reader = make_reader(record, EXAMPLE_KEY, _example_links(settings.public_url, prepared.issue.slug))
    merged = merger.parts(reader)
    subject, html, text = (
        _filled(part, merged.values) for part in (merged.common.subject, merged.common.html, merged.common.text)
    )
    return Built(prepared, subject, html, text, merger.merge(reader))


def calendars_of(prepared: PreparedIssue) -> Mapping[str, bytes]:
    """Write the calendar files of an issue as they would be published for the first time, by name."""
    stamp = datetime.combine(prepared.issue.date, EXAMPLE_HOUR, ZoneInfo(prepared.masthead.time_zone))
    return calendar_files(prepared.calendar, lambda _: None, stamp)


def write_build(built: Built, folder: Path) -> tuple[Path, ...]:
    """Write an issue into a folder: HTML to look at with its pictures and calendars, text, one message, and statistics.

    Returns:
        The files, without the pictures and calendars.

    Raises:
        WorkspaceError: The folder cannot be written.
    """
    target = FolderTarget(folder / "media")
    publish(built.prepared.media, target)
    for name, calendar in built.calendars.items():
        target.put(name, calendar)
    described = json.dumps(statistics(built), indent=2, ensure_ascii=False) + "\n"
    contents = {
        "issue.html": built.html_with_pictures_in("media/").encode(),
        "issue.txt": built.text.encode(),
        "example.eml": built.message,
        "statistics.json": described.encode(),
    }
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return tuple(folder / name for name in contents)


def describe(built: Built) -> dict[str, Any]:
    """Count what a compiled issue consists of: bytes, slots and blocks, of each part."""
    compiled = built.prepared.compiled
    html = compiled.variants[0].html
    return {
        "issue": compiled.slug,
        "language": compiled.language,
        "content_hash": compiled.content_hash,
        "message_bytes": len(built.message),
        "clipped": built.clipped,
        "parts": {
            "subject": _part(compiled.subject, built.subject),
            "html": _part(html, built.html),
            "text": _part(compiled.text, built.text),
        },
        "blocks": [*_blocks("html", html), *_blocks("text", compiled.text)],
        "variants": len(compiled.variants),
        "variant_conditions": [condition.key for condition in compiled.decided],
        "pictures": _pictures(built.prepared.media),
    }


def statistics(built: Built) -> dict[str, Any]:
    """Describe a compiled issue, with what each of its sections and items costs in bytes of HTML."""
    return {**describe(built), "costs": asdict(built.costs)}


def _part(parts: Parts, example: str) -> dict[str, int]:
    return {
        "example_bytes": len(example.encode()),
        "literal_bytes": literal_bytes(parts),
        "slots": sum(isinstance(part, Slot) for part in walk(parts)),
        "blocks": sum(isinstance(part, Block) for part in walk(parts)),
    }


def _blocks(name: str, parts: Parts) -> Iterator[dict[str, Any]]:
    for part in walk(parts):
        if isinstance(part, Block):
            yield {
                "part": name,
                "shown_if": f"not ({part.condition.source})" if part.negated else part.condition.source,
                "literal_bytes": literal_bytes(part.parts),
                "slots": sum(isinstance(inner, Slot) for inner in walk(part.parts)),
            }


def _pictures(media: Media) -> list[dict[str, Any]]:
    return [
        {"file": file.source, "width": file.width, "height": file.height, "bytes": len(file.content())}
        for file in media.files
    ]


def _filled(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _example_links(public_url: str, slug: str) -> dict[str, str]:
    return {
        "unsubscribe": f"{public_url}leave/example",
        "preferences": f"{public_url}preferences/example",
        "web": f"{public_url}issues/{slug}/",
    }
