"""Freezes a dispatch: its content, its audience, its provider and its deadline, in one transaction."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from newsletter.audience import Selection, selected
from newsletter.dispatch import counts, dispatches
from newsletter.dispatch.brake import first_part
from newsletter.dispatch.dispatches import Dispatch, DispatchState, hold_issue
from newsletter.dispatch.duplicates import is_ahead, is_served
from newsletter.dispatch.following import Following, Kind, assert_nothing_follows, is_followed
from newsletter.dispatch.frozen import pack, pack_letterhead, unpack
from newsletter.dispatch.overrides import Override
from newsletter.dispatch.retry import GIVE_UP_AFTER
from newsletter.dispatch.states import Reason, State
from newsletter.dispatch.timing import Start, moments, pack_start, unpack_start
from newsletter.errors import ContentError, DispatchError, Place
from newsletter.expressions import Schema
from newsletter.render import CompiledIssue, Letterhead
from newsletter.store import tables
from newsletter.store.inserting import insert_new
from newsletter.subscribers import Definitions, attribute_columns

IDENTIFIER_BYTES = 5
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be frozen.

    Args:
        not_later_than: When the dispatch gives up; None leaves it the usual time.
        override: Why it is sent in spite of what its checks found, if so.
        approval: What the dispatch keeps of the approval that it is sent by, if there is one.
        on_uncertain: `hold`, or `resend` to try those once more that are handed over without a reply.
        following: The dispatch that it follows, and whom of it it is for; None for the first to its audience.
        start: When it begins; None for at once.
        canary: How many in a hundred go first, before it is seen how these are taken; None for all at once.
    """

    compiled: CompiledIssue
    letterhead: Letterhead
    selection: Selection
    provider: str
    public_url: str
    return_path: str
    not_later_than: datetime | None = None
    override: Override | None = None
    approval: str | None = None
    on_uncertain: str = "hold"
    following: Following | None = None
    start: Start | None = None
    canary: float | None = None


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
    rows = _audience(plan, definitions, now).subquery()
    counted = connection.execute(sa.select(rows.c.exclusion, sa.func.count()).group_by(rows.c.exclusion)).all()
    selection = plan.selection
    waits = is_ahead(plan.compiled.slug, selection.list, selection.segment or "", rows.c.subscriber_id, now)
    waiting = connection.scalar(sa.select(sa.func.count()).select_from(rows).where(rows.c.exclusion.is_(None), waits))
    return Audience(
        sum(count for _, count in counted),
        {reason: count for reason, count in counted if reason is not None},
        waiting or 0,
    )


def count_domains(connection: sa.Connection, plan: Plan, definitions: Definitions, now: datetime) -> dict[str, int]:
    """Count those who would be mailed by the domain of their address, in ASCII and lower case."""
    rows, people = _audience(plan, definitions, now).subquery(), tables.subscribers
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
    begin = plan.start.at.astimezone(UTC) if plan.start else now
    deadline = plan.not_later_than or max(begin, now) + GIVE_UP_AFTER
    _assert_in_order(plan, now, begin, deadline)
    if plan.following:
        assert_nothing_follows(connection, plan.following)
    elif dispatches.first_dispatch(connection, plan.compiled.slug, selection.list, selection.segment or ""):
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
            state=DispatchState.OPEN.value,
            selected=0,
            created_at=now,
            deadline=deadline,
            override=plan.override.json() if plan.override else None,
            approval=plan.approval,
            kind=(plan.following.kind if plan.following else Kind.FIRST).value,
            follows=plan.following.dispatch if plan.following else None,
            on_uncertain=plan.on_uncertain,
            start=pack_start(plan.start) if plan.start else None,
            start_at=begin if plan.start else None,
        )
    )
    count = _plan_deliveries(connection, _audience(plan, definitions, now), plan.start, definitions, identifier, now)
    if not count:
        raise nobody(plan)
    values = {
        "selected": count,
        "start_at": _earliest(connection, identifier, begin) if plan.start else None,
        "canary": first_part(_planned(connection, identifier), plan.canary) if plan.canary else None,
    }
    connection.execute(sa.update(tables.dispatches).where(tables.dispatches.c.id == identifier).values(values))
    return dispatches.read_dispatch(connection, identifier)


def let_join(connection: sa.Connection, dispatch: Dispatch, definitions: Definitions, now: datetime) -> int:
    """Let those into a dispatch that was frozen for later who have joined its audience until it begins.

    Returns:
        How many these are.
    """
    if dispatch.start is None or dispatch.kind not in (Kind.FIRST, Kind.TOP_UP):
        return 0
    following = Following(dispatch.follows, Kind.TOP_UP) if dispatch.follows else None
    chosen = _chosen(Selection(dispatch.list, dispatch.segment or None), dispatch.issue, following, definitions, now)
    audience = chosen.subquery()
    there = sa.exists().where(
        tables.deliveries.c.dispatch_id == dispatch.id,
        tables.deliveries.c.subscriber_id == audience.c.subscriber_id,
    )
    # Who had left before the freeze, or left it since, has a row, or is not asked for any more.
    fresh = sa.select(audience).where(~there, audience.c.exclusion.is_(None))
    count = _plan_deliveries(connection, fresh, unpack_start(dispatch.start), definitions, dispatch.id, now)
    connection.execute(sa.update(tables.dispatches).where(tables.dispatches.c.id == dispatch.id).values(selected=count))
    return count - dispatch.selected


def _assert_in_order(plan: Plan, now: datetime, begin: datetime, deadline: datetime) -> None:
    """Refuse moments that cannot be kept.

    Raises:
        DispatchError: The start or the deadline has passed, or lies before the other.
    """
    if deadline <= now:
        raise DispatchError("the deadline has passed already", remedy="Give a later one.")
    if plan.start and begin <= now:
        raise DispatchError("the moment to begin has passed already", remedy="Give a later one, or leave it out.")
    if deadline <= begin:
        raise DispatchError("the deadline lies before the moment to begin", remedy="Give a later deadline.")
    if plan.canary and plan.start and plan.start.attribute:
        raise DispatchError(
            "a first part cannot be looked at while readers get it hour by hour around the world",
            remedy="Choose one of the two: --canary or --local-time.",
        )


def nobody(plan: Plan) -> DispatchError:
    """Say that a dispatch would be for nobody."""
    if plan.following:
        return DispatchError(f"there is nobody whom a {plan.following.kind} of {plan.following.dispatch} would be for")
    return DispatchError(
        f"nobody on the list {plan.selection.list!r} is selected",
        remedy="Import or add subscribers first, or choose another list or segment.",
    )


def _keep_content(connection: sa.Connection, plan: Plan, schema: Schema, now: datetime) -> None:
    payload = pack(plan.compiled, schema)
    # What cannot be read back must not be frozen: nobody could go on with it.
    unpack(payload)
    row = {"content_hash": plan.compiled.content_hash, "payload": payload, "created_at": now}
    connection.execute(insert_new(connection, tables.compiled_issues).values(row))


def _plan_deliveries(
    connection: sa.Connection,
    audience: sa.Select[tuple[int, str | None]],
    start: Start | None,
    definitions: Definitions,
    identifier: str,
    now: datetime,
) -> int:
    """Write deliveries, and tell how many the dispatch has then."""
    chosen = audience.subquery()
    is_included = chosen.c.exclusion.is_(None)
    due = _due(connection, chosen, start, definitions) if start and start.attribute else None
    waits = is_included & due.is_not(None) if due is not None else sa.false()
    rows = sa.select(
        sa.literal(identifier),
        chosen.c.subscriber_id,
        sa.case((waits, State.DEFERRED.value), (is_included, State.PLANNED.value), else_=State.EXCLUDED.value),
        chosen.c.exclusion,
        sa.case((waits, due), else_=sa.null()) if due is not None else sa.null(),
        sa.literal(now, tables.deliveries.c.changed_at.type),
    )
    columns = ["dispatch_id", "subscriber_id", "state", "reason", "due", "changed_at"]
    connection.execute(sa.insert(tables.deliveries).from_select(columns, rows))
    if connection.dialect.name == "postgresql":
        # Its planner walks every row of a table that it knows nothing of yet, and knows it only minutes later.
        connection.exec_driver_sql("ANALYZE subscribers, subscriptions, deliveries")
    return counts.begin(connection, identifier)


def _due(
    connection: sa.Connection, chosen: sa.Subquery, start: Start, definitions: Definitions
) -> sa.ColumnElement[Any]:
    """Say in SQL when a dispatch begins for a reader, by their own time zone.

    Raises:
        ContentError: No attribute of that name is declared.
    """
    columns = attribute_columns(definitions)
    if start.attribute not in columns:
        raise ContentError(
            f"no attribute is called {start.attribute!r}",
            where=Place("subscribers/attributes.yaml"),
            remedy="Declare it there, of the type text; its values are time zones such as Europe/Amsterdam.",
        )
    people, column = tables.subscribers, columns[start.attribute]
    of_chosen = people.c.id == chosen.c.subscriber_id
    zones = connection.scalars(sa.select(column).select_from(people.join(chosen, of_chosen)).distinct()).all()
    begins = moments(start, [*zones, None])
    kind = tables.deliveries.c.due.type
    known = [(column == zone, sa.literal(moment, kind)) for zone, moment in begins.items() if zone is not None]
    otherwise = sa.literal(begins[None], kind)
    found = sa.case(*known, else_=otherwise) if known else otherwise
    return sa.select(found).select_from(people).where(of_chosen).scalar_subquery()


def _planned(connection: sa.Connection, identifier: str) -> int:
    return sum(count for (state, _), count in counts.read(connection, identifier).items() if state is State.PLANNED)


def _earliest(connection: sa.Connection, identifier: str, begin: datetime) -> datetime:
    """Tell when the first reader's turn is."""
    first: datetime | None = connection.scalar(
        sa.select(sa.func.min(tables.deliveries.c.due)).where(tables.deliveries.c.dispatch_id == identifier)
    )
    return begin if first is None else first


def _audience(plan: Plan, definitions: Definitions, now: datetime) -> sa.Select[tuple[int, str | None]]:
    return _chosen(plan.selection, plan.compiled.slug, plan.following, definitions, now)


def _chosen(
    selection: Selection, issue: str, following: Following | None, definitions: Definitions, now: datetime
) -> sa.Select[tuple[int, str | None]]:
    """Select the audience, with those as duplicates who have this issue from another dispatch, or may have it.

    Whom another dispatch still has before it is planned here too: which of both goes is decided at the last moment.
    """
    heeds = following is None or following.kind is not Kind.CORRECTION
    chosen = selected(selection, definitions, now, heed_frequency=heeds).subquery()
    if following:
        chosen = sa.select(chosen).where(is_followed(following, chosen.c.subscriber_id)).subquery()
    has_it_already = is_served(issue, chosen.c.subscriber_id)
    exclusion = sa.func.coalesce(chosen.c.exclusion, sa.case((has_it_already, Reason.DUPLICATE.value), else_=sa.null()))
    return sa.select(chosen.c.subscriber_id, exclusion.label("exclusion"))
