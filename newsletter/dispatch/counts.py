"""How many deliveries of a dispatch are in each state: kept beside the rows by whatever moves them.

So nobody has to count a million rows to see how far a dispatch is. The counts are held against the rows whenever a
run ends; see `account.recount`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from newsletter.dispatch.states import State
from newsletter.store import tables
from newsletter.store.prepared import Places, Prepared, PreparedForEach

Counts: TypeAlias = Mapping[tuple[State, str], int]
"""Deliveries by state and, where they are excluded, reason; otherwise it is empty."""

_counts, _deliveries = tables.delivery_counts, tables.deliveries


def read(connection: sa.Connection, dispatch: str) -> Counts:
    """Give the counts as they were kept."""
    rows = _READ.rows(connection, dispatch=dispatch)
    return {(State(state), reason): count for state, reason, count in rows if count}


def count_rows(connection: sa.Connection, dispatch: str) -> Counts:
    """Count the rows themselves."""
    # Two questions, because an index answers the first without looking at the rows.
    by_state = connection.execute(
        sa.select(_deliveries.c.state, sa.func.count())
        .where(_deliveries.c.dispatch_id == dispatch)
        .group_by(_deliveries.c.state)
    )
    by_reason = connection.execute(
        sa.select(_deliveries.c.reason, sa.func.count())
        .where(_deliveries.c.dispatch_id == dispatch, _deliveries.c.state == State.EXCLUDED)
        .group_by(_deliveries.c.reason)
    )
    found = {(State(state), ""): count for state, count in by_state if state != State.EXCLUDED}
    return found | {(State.EXCLUDED, reason): count for reason, count in by_reason}


def begin(connection: sa.Connection, dispatch: str) -> int:
    """Keep counts of rows that have been written past this module, and tell how many there are."""
    connection.execute(sa.delete(_counts).where(_counts.c.dispatch_id == dispatch))
    found = count_rows(connection, dispatch)
    move(connection, dispatch, found)
    return sum(found.values())


def move(connection: sa.Connection, dispatch: str, changes: Counts) -> None:
    """Add to the counts what the rows have changed by.

    The last thing in a transaction, if that can be: others wait for these few rows.
    """
    held_back: Counter[tuple[State, str]] | None = connection.info.get(_HELD_BACK)
    if held_back is not None:
        held_back.update(changes)
        return
    rows = sorted((state.value, reason, change) for (state, reason), change in changes.items() if change)
    if rows:
        _MOVE.run(connection, rows, dispatch=dispatch)


@contextmanager
def held_back(connection: sa.Connection) -> "Iterator[Counter[tuple[State, str]]]":
    """Gather what counts are to change by, for the caller to move at the end, all of it in one step.

    A transaction that came back to these rows with some of them locked already could meet another one that did so
    too, each waiting for the other.
    """
    moves: Counter[tuple[State, str]] = Counter()
    notes = connection.info  # which a connection that was lost meanwhile would not give any more
    notes[_HELD_BACK] = moves
    try:
        yield moves
    finally:
        del notes[_HELD_BACK]


def forget(connection: sa.Connection, dispatch: str) -> None:
    """Take out the counts of a dispatch that is taken out."""
    connection.execute(sa.delete(_counts).where(_counts.c.dispatch_id == dispatch))


def _insert(common: Places, row: Places) -> sa.Executable:
    given = sa.select(common["dispatch"], row["state"], row["reason"], row["change"]).where(sa.true())
    # Both databases know this statement, and SQLAlchemy writes it for either alike.
    statement = postgresql.insert(_counts).from_select(["dispatch_id", "state", "reason", "count"], given)
    return statement.on_conflict_do_update(
        index_elements=["dispatch_id", "state", "reason"],
        set_={"count": _counts.c.count + statement.excluded.count},
    )


_HELD_BACK: Final = "newsletter: what counts will change by"
_TEXT: Any = sa.Text()
_READ = Prepared(
    {"dispatch": _TEXT},
    lambda given: sa.select(_counts.c.state, _counts.c.reason, _counts.c.count).where(
        _counts.c.dispatch_id == given["dispatch"]
    ),
)
_MOVE = PreparedForEach({"dispatch": _TEXT}, {"state": _TEXT, "reason": _TEXT, "change": sa.Integer()}, _insert)
