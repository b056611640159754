"""Freezes a dispatch: its content, its audience, its provider and its deadline, in one transaction."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.audience import Selection, selected
from newsletter.dispatch import ledger
from newsletter.dispatch.duplicates import hold_issue, is_ahead, is_served
from newsletter.dispatch.frozen import pack, pack_letterhead, unpack
from newsletter.dispatch.ledger import Dispatch
from newsletter.dispatch.overrides import Override
from newsletter.dispatch.retry import GIVE_UP_AFTER
from newsletter.dispatch.states import Reason, State
from newsletter.errors import DispatchError
from newsletter.expressions import Schema
from newsletter.render import CompiledIssue, Letterhead
from newsletter.store import tables
from newsletter.subscribers import Definitions

IDENTIFIER_BYTES = 5
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be frozen.

    Args:
        not_later_than: When the dispatch gives up; None leaves it the usual time.
        override: Why it is sent in spite of what its checks found, if so.
    """

    compiled: CompiledIssue
    letterhead: Letterhead
    selection: Selection
    provider: str
    public_url: str
    return_path: str
    not_later_than: datetime | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """How many a dispatch would select, and how many of these it would leave out, by reason.

    Args:
        waiting: How many of those who would be mailed another dispatch still has before it, which goes first.
    """

    selected: int
    excluded: dict[str, int]
    waiting: int

    @property
    def planned(self) -> int:
        """How many would be mailed."""
        return self.selected - sum(self.excluded.values())


def survey(connection: sa.Connection, plan: Plan, definitions: Definitions, now: datetime) -> Audience:
    """Count the audience as freezing it now would."""
    rows = _audience(plan, definitions).subquery()
    counted = connection.execute(sa.select(rows.c.exclusion, sa.func.count()).group_by(rows.c.exclusion)).all()
    selection = plan.selection
    waits = is_ahead(plan.compiled.slug, selection.list, selection.segment or "", rows.c.subscriber_id, now)
    waiting = connection.scalar(sa.select(sa.func.count()).select_from(rows).where(rows.c.exclusion.is_(None), waits))
    return Audience(
        sum(count for _, count in counted),
        {reason: count for reason, count in counted if reason is not None},
        waiting or 0,
    )


def count_domains(connection: sa.Connection, plan: Plan, definitions: Definitions) -> dict[str, int]:
    """Count those who would be mailed by the domain of their address, in ASCII and lower case."""
    rows, people = _audience(plan, definitions).subquery(), tables.subscribers
    at = sa.func.strpos if connection.dialect.name == "postgresql" else sa.func.instr
    domain = sa.func.substr(people.c.address_key, at(people.c.address_key, "@") + 1)
    counted = connection.execute(
        sa.select(domain, sa.func.count())
        .join_from(rows, people, rows.c.subscriber_id == people.c.id)
        .where(rows.c.exclusion.is_(None))
        .group_by(domain)
    )
    return {row[0]: row[1] for row in counted}


def freeze(connection: sa.Connection, plan: Plan, definitions: Definitions, now: datetime) -> Dispatch:
    """Write a dispatch and one delivery for each subscriber selected; all of it or nothing.

    Raises:
        DispatchError: There is a dispatch of this issue to this audience already, nobody is selected, or the
            deadline has passed.
    """
    hold_issue(connection, plan.compiled.slug)
    selection = plan.selection
    deadline = plan.not_later_than or now + GIVE_UP_AFTER
    if deadline <= now:
        raise DispatchError("the deadline has passed already", remedy="Give a later one.")
    if ledger.find_dispatch(connection, plan.compiled.slug, selection.list, selection.segment or ""):
        raise DispatchError(f"{plan.compiled.slug} has a dispatch to this audience already")
    _keep_content(connection, plan, definitions.schema(), now)
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
            deadline=deadline,
            override=plan.override.json() if plan.override else None,
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


def _keep_content(connection: sa.Connection, plan: Plan, schema: Schema, now: datetime) -> None:
    payload = pack(plan.compiled, schema)
    # What cannot be read back must not be frozen: nobody could go on with it.
    unpack(payload)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"content_hash": plan.compiled.content_hash, "payload": payload, "created_at": now}
    connection.execute(insert(tables.compiled_issues).values(row).on_conflict_do_nothing())


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
    """Select the audience, with those as duplicates who have this issue from another dispatch, or may have it.

    Whom another dispatch still has before it is planned here too: which of both goes is decided at the last moment.
    """
    chosen = selected(plan.selection, definitions).subquery()
    has_it_already = is_served(plan.compiled.slug, chosen.c.subscriber_id)
    exclusion = sa.func.coalesce(chosen.c.exclusion, sa.case((has_it_already, Reason.DUPLICATE.value), else_=sa.null()))
    return sa.select(chosen.c.subscriber_id, exclusion.label("exclusion"))
