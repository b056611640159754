"""The issues that have gone out, as anybody may read them: rendered for nobody in particular.

An issue is out when a message of one of its dispatches was handed over, or may have been. What is shown is what that
dispatch froze, whatever has become of the files since; of several the latest, so that a correction holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch.frozen import unpack, unpack_letterhead
from newsletter.dispatch.states import TAKEN, State
from newsletter.expressions import Schema, Type, Value
from newsletter.message import DeliveryKey, Mailbox
from newsletter.render import CompiledIssue, Merger, Reader
from newsletter.store import tables

LEAVING: Final = "https://link.invalid/leave"
CHOOSING: Final = "https://link.invalid/choose"
"""What stands in the place of a reader's own links: nobody's, for whoever shows the issue to replace."""

_NOBODY: Final = DeliveryKey("nobody" + "a" * 20)

_deliveries, _dispatches, _compiled = tables.deliveries, tables.dispatches, tables.compiled_issues


@dataclass(frozen=True, slots=True)
class Edition:
    """An issue that has gone out.

    Args:
        content: Names what was sent; equal names mean equal content.
        out_at: When its first dispatch was to begin.
        changed_at: When the dispatch was that is shown.
        lists: The lists that it went to as a whole, and not to a segment alone.
    """

    slug: str
    content: str
    letterhead: str
    out_at: datetime
    changed_at: datetime
    lists: frozenset[str]


@dataclass(frozen=True, slots=True)
class ShownEdition:
    """An issue as anybody may read it; `LEAVING` and `CHOOSING` stand where readers have links of their own."""

    subject: str
    html: str
    text: str
    language: str


def editions(connection: sa.Connection) -> tuple[Edition, ...]:
    """Give all issues that have gone out, the newest first."""
    out = sa.exists().where(
        _deliveries.c.dispatch_id == _dispatches.c.id, _deliveries.c.state.in_(TAKEN | {State.REJECTED})
    )
    rows = connection.execute(
        sa.select(
            _dispatches.c.issue,
            _dispatches.c.list,
            _dispatches.c.segment,
            _dispatches.c.content_hash,
            _dispatches.c.letterhead,
            sa.func.coalesce(_dispatches.c.start_at, _dispatches.c.created_at).label("at"),
        )
        .where(out)
        .order_by(sa.text("at"), _dispatches.c.id)
    ).all()
    found: dict[str, Edition] = {}
    for row in rows:
        before = found.get(row.issue)
        lists = before.lists if before else frozenset()
        found[row.issue] = Edition(
            row.issue,
            row.content_hash,
            row.letterhead,
            before.out_at if before else row.at,
            row.at,
            lists if row.segment else lists | {row.list},
        )
    return tuple(sorted(found.values(), key=lambda one: (one.out_at, one.slug), reverse=True))


def show_edition(connection: sa.Connection, edition: Edition) -> ShownEdition | None:
    """Render an issue for nobody in particular; None where what was sent is not there any more.

    What depends on a reader is shown as for one of whom nothing is known.
    """
    payload = connection.scalar(sa.select(_compiled.c.payload).where(_compiled.c.content_hash == edition.content))
    if payload is None:
        return None
    compiled, schema = unpack(payload)
    letterhead, public_url, _ = unpack_letterhead(edition.letterhead)
    merged = Merger(compiled, letterhead).parts(_nobody(compiled, schema, public_url))
    subject, html, text = (
        _filled(part, merged.values) for part in (merged.common.subject, merged.common.html, merged.common.text)
    )
    return ShownEdition(subject.strip(), html, text, compiled.language)


def _nobody(compiled: CompiledIssue, schema: Schema, public_url: str) -> Reader:
    values: dict[str, Value] = {
        name: frozenset() if field.type is Type.TEXT_SET else None for name, field in schema.fields.items()
    }
    links = {"unsubscribe": LEAVING, "preferences": CHOOSING, "web": f"{public_url}issues/{compiled.slug}/"}
    return Reader(Mailbox("nobody@link.invalid"), _NOBODY, values, links)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
