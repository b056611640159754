"""Questions to the ledger: how many deliveries are where, what was said about them, and what is due."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import counts
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.states import OPEN, RESTING, State
from newsletter.errors import DispatchError
from newsletter.message import without_addresses
from newsletter.store import tables

TELLING: Final = (State.REJECTED, State.DEFERRED, State.UNCERTAIN)
"""States whose replies a person wants to read."""
MOST_REPLIES: Final = 20
"""How many different replies are told apart for each state; servers like to put numbers into theirs."""

_deliveries = tables.deliveries


@dataclass(frozen=True, slots=True)
class Balance:
    """How many deliveries are in each state, and how many there must be."""

    selected: int
    states: Mapping[State, int]
    reasons: Mapping[str, int]

    @property
    def total(self) -> int:
        """The sum over all states."""
        return sum(self.states.values())

    @property
    def is_balanced(self) -> bool:
        """Whether nobody was lost and nobody came in from elsewhere."""
        return self.selected == self.total

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left that a sending process could do."""
        return self.is_balanced and all(not count or state in RESTING for state, count in self.states.items())

    @property
    def is_settled(self) -> bool:
        """Whether it is known of everybody what became of their message."""
        return self.is_balanced and not self.of(*OPEN)

    def of(self, *states: State) -> int:
        """Count the deliveries in some states."""
        return sum(self.states.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True)
class Replies:
    """A reply that several deliveries in one state have got; without words, all replies that are not told apart."""

    state: State
    words: str
    count: int


def balance(connection: sa.Connection, dispatch: Dispatch) -> Balance:
    """Tell how many deliveries of a dispatch are in each state, as they were counted while they moved.

    Raises:
        DispatchError: The counts do not add up to the audience that was frozen.
    """
    return _balanced(dispatch, counts.read(connection, dispatch.id))


def recount(connection: sa.Connection, dispatch: Dispatch) -> Balance:
    """Count the deliveries themselves, and hold the counts that were kept against it.

    Raises:
        DispatchError: The counts do not add up to the audience that was frozen, or the deliveries are in other
            states than the counts that were kept say.
    """
    found = counts.count_rows(connection, dispatch.id)
    balanced = _balanced(dispatch, found)
    if found != counts.read(connection, dispatch.id):
        raise _unbalanced(dispatch, "its deliveries are in other states than was counted while they moved")
    return balanced


def _balanced(dispatch: Dispatch, counted: counts.Counts) -> Balance:
    states: dict[State, int] = dict.fromkeys(State, 0)
    reasons: dict[str, int] = {}
    for (state, reason), count in counted.items():
        states[state] += count
        if reason:
            reasons[reason] = count
    found = Balance(dispatch.selected, states, reasons)
    if not found.is_balanced:
        raise _unbalanced(dispatch, f"{found.selected} selected, {found.total} accounted for")
    return found


def _unbalanced(dispatch: Dispatch, why: str) -> DispatchError:
    return DispatchError(
        f"the ledger of dispatch {dispatch.id} does not balance: {why}",
        remedy="Send nothing more, keep a copy of the database, and report this.",
    )


def next_due(connection: sa.Connection, dispatch: Dispatch) -> datetime | None:
    """Tell when the first deferred delivery may be tried again."""
    due: datetime | None = connection.scalar(
        sa.select(_deliveries.c.due)
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state == State.DEFERRED)
        .order_by(_deliveries.c.due)
        .limit(1)
    )
    return due


def replies(connection: sa.Connection, dispatch: Dispatch) -> tuple[Replies, ...]:
    """Group the replies to what was not accepted, the most frequent first.

    Providers leave addresses out of replies; one that does not must not put them into a receipt.
    """
    rows = connection.execute(
        sa.select(_deliveries.c.state, _deliveries.c.reply, sa.func.count())
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state.in_(TELLING))
        .group_by(_deliveries.c.state, _deliveries.c.reply)
    )
    counted: dict[State, Counter[str]] = {state: Counter() for state in TELLING}
    for state, reply, count in rows:
        counted[State(state)][without_addresses(reply or "no reply")] += count
    return tuple(one for state, found in counted.items() for one in _most_frequent(state, found))


def _most_frequent(state: State, found: Counter[str]) -> list[Replies]:
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    rest = sum(count for _, count in ordered[MOST_REPLIES:])
    told = [Replies(state, words, count) for words, count in ordered[:MOST_REPLIES]]
    return [*told, Replies(state, "", rest)] if rest else told
