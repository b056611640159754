"""Freezes a dispatch: its content, its audience and its provider, in one transaction."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience import Selection, selected
from newsletter.dispatch import ledger
from newsletter.dispatch.frozen import pack, pack_letterhead
from newsletter.dispatch.ledger import Dispatch
from newsletter.dispatch.states import Reason, State
from newsletter.errors import DispatchError
from newsletter.render import CompiledIssue, Letterhead
from newsletter.store import tables
from newsletter.subscribers import Definitions

IDENTIFIER_BYTES = 5
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be frozen."""

    compiled: CompiledIssue
    letterhead: Letterhead
    selection: Selection
    provider: str
    public_url: str
    return_path: str


@dataclass(frozen=True, slots=True)
class Audience:
    """How many a dispatch would select, and how many of these it would leave out, by reason."""

    selected: int
    excluded: dict[str, int]

    @property
    def planned(self) -> int:
        """How many would be mailed."""
        return self.selected - sum(self.excluded.values())


def survey(connection: sa.Connection, plan: Plan, definitions: Definitions) -> Audience:
    """Count the audience as freezing it now would."""
    rows = _audience(plan, definitions).subquery()
    counted = connection.execute(sa.select(rows.c.exclusion, sa.func.count()).group_by(rows.c.exclusion)).all()
    return Audience(
        sum(count for _, count in counted), {reason: count for reason, count in counted if reason is not None}
    )


def freeze(connection: sa.Connection, plan: Plan, definitions: Definitions, now: datetime) -> Dispatch:
    """Write a dispatch and one delivery for each subscriber selected; all of it or nothing.

    Raises:
        DispatchError: There is a dispatch of this issue to this audience already, or nobody is selected.
    """
    selection = plan.selection
    if ledger.find_dispatch(connection, plan.compiled.slug, selection.list, selection.segment or ""):
        raise DispatchError(f"{plan.compiled.slug} has a dispatch to this audience already")
    _keep_content(connection, plan, now)
    identifier = b32encode(secrets.token_bytes(IDENTIFIER_BYTES)).decode("ascii").lower()
    connection.execute(
        sa.insert(tables.dispatches).values(
            id=identifier,
            issue=plan.compiled.slug,
            list=selection.list,
            segment=selection.segment or "",
            provider=plan.provider,
            content_hash=plan.compiled.content_hash,
            letterhead=pack_letterhead(plan.letterhead, plan.public_url, plan.return_path),
            secret=secrets.token_bytes(SECRET_BYTES),
            state="open",
            selected=0,
            created_at=now,
        )
    )
    count = _plan_deliveries(connection, plan, definitions, identifier, now)
    if not count:
        raise DispatchError(
            f"nobody on the list {selection.list!r} is selected",
            remedy="Import or add subscribers first, or choose another list or segment.",
        )
    connection.execute(sa.update(tables.dispatches).where(tables.dispatches.c.id == identifier).values(selected=count))
    return ledger.read_dispatch(connection, identifier)


def _keep_content(connection: sa.Connection, plan: Plan, now: datetime) -> None:
    content = tables.compiled_issues
    digest = plan.compiled.content_hash
    if connection.scalar(sa.select(content.c.content_hash).where(content.c.content_hash == digest)) is None:
        connection.execute(sa.insert(content).values(content_hash=digest, payload=pack(plan.compiled), created_at=now))


def _plan_deliveries(
    connection: sa.Connection, plan: Plan, definitions: Definitions, identifier: str, now: datetime
) -> int:
    audience = _audience(plan, definitions).subquery()
    rows = sa.select(
        sa.literal(identifier),
        audience.c.subscriber_id,
        sa.case((audience.c.exclusion.is_(None), State.PLANNED.value), else_=State.EXCLUDED.value),
        audience.c.exclusion,
        sa.literal(now, tables.deliveries.c.changed_at.type),
    )
    columns = ["dispatch_id", "subscriber_id", "state", "reason", "changed_at"]
    connection.execute(sa.insert(tables.deliveries).from_select(columns, rows))
    # Not every driver tells how many rows such a statement wrote.
    written = sa.select(sa.func.count()).where(tables.deliveries.c.dispatch_id == identifier)
    return connection.scalar(written) or 0


def _audience(plan: Plan, definitions: Definitions) -> sa.Select[tuple[int, str | None]]:
    """Select the audience, with those as duplicates who have this issue from another dispatch, or may have it."""
    chosen = selected(plan.selection, definitions).subquery()
    deliveries, dispatches = tables.deliveries, tables.dispatches
    has_it_already = sa.exists().where(
        deliveries.c.subscriber_id == chosen.c.subscriber_id,
        deliveries.c.dispatch_id == dispatches.c.id,
        dispatches.c.issue == plan.compiled.slug,
        deliveries.c.state.not_in([State.REJECTED, State.EXCLUDED]),
    )
    exclusion = sa.func.coalesce(chosen.c.exclusion, sa.case((has_it_already, Reason.DUPLICATE.value), else_=sa.null()))
    return sa.select(chosen.c.subscriber_id, exclusion.label("exclusion"))
