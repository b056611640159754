"""The receipt: the balanced account of a dispatch, without personal data of readers."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from newsletter.dispatch import account, dispatches
from newsletter.dispatch.account import Balance, Replies
from newsletter.dispatch.approval import read_approval
from newsletter.dispatch.audit import Action, first_moment
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.overrides import read_override
from newsletter.dispatch.states import OPEN, RESTING, State
from newsletter.store import Database
from newsletter.workspace import replacing, write_atomically

_ORDER: Final = (
    State.ACCEPTED,
    State.REJECTED,
    State.EXCLUDED,
    State.UNCERTAIN,
    *sorted(OPEN - {State.UNCERTAIN}),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of everybody selected.

    Args:
        next_due: When the first deferred delivery may be tried again, if any is deferred.
        replies: What was said about those that were not accepted.
        started_at: When a process first began to send, if one has.
    """

    dispatch: Dispatch
    balance: Balance
    next_due: datetime | None
    replies: tuple[Replies, ...]
    started_at: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether a sending process has nothing left to do; some may be uncertain, and are held."""
        return self.balance.at_rest

    @property
    def unsettled(self) -> int:
        """How many deliveries a sending process still has to do something about."""
        return self.balance.selected - self.balance.of(*RESTING)

    @property
    def seconds(self) -> float | None:
        """How long it took from the first process that began to the end, waits and pauses included."""
        if self.started_at is None or self.dispatch.finished_at is None:
            return None
        return round((self.dispatch.finished_at - self.started_at).total_seconds(), 1)

    def equation(self) -> str:
        """Write the equation that must hold: selected = the sum of all states that occur."""
        shown = [state for state in _ORDER if self.balance.of(state) or state in RESTING]
        terms = " + ".join(f"{self.balance.of(state):,} {state}" for state in shown)
        return f"{self.balance.selected:,} selected = {terms}"

    def document(self) -> dict[str, Any]:
        """Give the receipt as data, ready for JSON."""
        dispatch = self.dispatch
        states: Mapping[State, int] = self.balance.states
        override = read_override(dispatch.override)
        return {
            "dispatch": dispatch.id,
            "issue": dispatch.issue,
            "list": dispatch.list,
            "segment": dispatch.segment or None,
            "kind": dispatch.kind,
            "follows": dispatch.follows,
            "state": dispatch.state,
            "provider": dispatch.provider,
            "content_hash": dispatch.content_hash,
            "frozen_at": dispatch.created_at.isoformat(),
            "deadline": dispatch.deadline.isoformat(),
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": dispatch.finished_at.isoformat() if dispatch.finished_at else None,
            "seconds": self.seconds,
            "override": override.document() if override else None,
            "approval": read_approval(dispatch.approval),
            "complete": self.complete,
            "selected": self.balance.selected,
            "states": {state.value: states.get(state, 0) for state in State},
            "open": self.balance.of(*OPEN),
            "excluded_by_reason": dict(sorted(self.balance.reasons.items())),
            "balanced": self.balance.is_balanced,
            "next_due": self.next_due.isoformat() if self.next_due else None,
            "replies": [
                {"state": one.state.value, "reply": one.words or None, "count": one.count} for one in self.replies
            ],
        }

    def json(self) -> bytes:
        """Give the receipt as a JSON file."""
        return (json.dumps(self.document(), indent=2, ensure_ascii=False) + "\n").encode()


def write_receipt(database: Database, dispatch: Dispatch) -> Receipt:
    """Account for a dispatch as it stands.

    Raises:
        DispatchError: The ledger does not balance.
    """
    with database.reading() as connection:
        return account_for(connection, dispatch)


def account_for(connection: sa.Connection, dispatch: Dispatch) -> Receipt:
    """Account for a dispatch in one state of the database; see `write_receipt`."""
    current = dispatches.read_dispatch(connection, dispatch.id)
    return Receipt(
        current,
        account.balance(connection, current),
        account.next_due(connection, current),
        account.replies(connection, current),
        first_moment(connection, dispatch.id, Action.STARTED),
    )


def assert_writable(target: Path) -> None:
    """Make sure that a receipt can be written, without writing it.

    Raises:
        WorkspaceError: It cannot.
    """

    class Enough(Exception):
        """Ends the writing before it takes the target's place."""

    with suppress(Enough), replacing(target):
        raise Enough


def keep_receipt(receipt: Receipt, target: Path) -> None:
    """Write a receipt as JSON."""
    write_atomically(target, receipt.json())
