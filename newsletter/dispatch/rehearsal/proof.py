"""The proof of a rehearsal: each promise of the ledger, held against the journal that the sink kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from newsletter.dispatch.account import Balance
from newsletter.dispatch.rehearsal.journal import Journal
from newsletter.dispatch.states import RESTING, TAKEN, State


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the ledger, as far as the proof asks about it.

    Args:
        resends: How often it was sent again after nobody knew what had become of it.
    """

    state: State
    reason: str | None
    key: str | None
    attempts: int
    resends: int = 0

    @property
    def was_handed_over(self) -> bool:
        """Whether the ledger knows that the message may have left."""
        return self.attempts > 0 and (self.state in TAKEN or self.resends > 0)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What happened to the sending processes.

    Args:
        kills: How many of them were killed.
        concurrency: How many calls to the provider may be under way at once.
        batch: The most messages that one call carries.
        lost_replies: How many connections were lost with a reply outstanding.
        violations: What was found wrong in the ledger right after a kill.
    """

    kills: int = 0
    concurrency: int = 1
    batch: int = 1
    lost_replies: int = 0
    violations: Sequence[str] = ()

    @property
    def most_in_doubt(self) -> int:
        """How many deliveries may be in doubt by what happened."""
        return (self.kills * self.concurrency + self.lost_replies) * self.batch


@dataclass(frozen=True, slots=True)
class Claim:
    """One promise, and whether it held.

    Args:
        name: For programs.
        promise: In words.
        detail: What was counted.
    """

    name: str
    promise: str
    holds: bool
    detail: str

    def document(self) -> Mapping[str, Any]:
        """Give it as data, ready for JSON."""
        return {"claim": self.name, "promise": self.promise, "holds": self.holds, "detail": self.detail}


@dataclass
class _Tally:
    """What is counted in one walk through the ledger."""

    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    unexplained: int = 0
    missing: int = 0
    found: int = 0
    repeated: int = 0
    resent: int = 0
    unintended: int = 0
    in_doubt: int = 0
    taken_in_doubt: int = 0

    def add(self, delivery: Delivery, times: int) -> None:
        """Count a delivery that the sink took so many times."""
        state = delivery.state
        self.states[state] += 1
        self.unexplained += state not in RESTING or (state is State.EXCLUDED and not delivery.reason)
        self.missing += state is State.ACCEPTED and not times
        self.found += times > 0
        self.repeated += times > 1 + min(delivery.resends, 1)
        self.resent += times > 1
        self.unintended += times > 0 and not delivery.was_handed_over
        self.in_doubt += max(delivery.resends, int(state is State.UNCERTAIN))
        self.taken_in_doubt += times > 0 and state is not State.ACCEPTED and delivery.was_handed_over


def prove(
    balance: Balance, deliveries: Iterable[Delivery], journal: Journal, circumstances: Circumstances
) -> tuple[Claim, ...]:
    """Hold a dispatch against what its sink has met with.

    Args:
        balance: As the receipt tells it.
        deliveries: All rows of the ledger.
    """
    tally = _Tally()
    for delivery in deliveries:
        tally.add(delivery, journal.taken.get(delivery.key, 0) if delivery.key else 0)
    return (
        _accounted(balance, tally),
        _missed(tally),
        _twice(tally),
        _doubt(tally, circumstances),
        _bytes(journal),
        _intent(tally, journal, circumstances),
        _agreement(balance, tally, journal),
    )


def violations(deliveries: Iterable[Delivery], journal: Journal) -> tuple[str, ...]:
    """Say what the ledger of a process that was killed just now must not look like."""
    tally = _Tally()
    for delivery in deliveries:
        tally.add(delivery, journal.taken.get(delivery.key, 0) if delivery.key else 0)
    unknown = len(journal.taken) - tally.found
    found: Mapping[str, int] = {
        "taken without an intent in the ledger": tally.unintended + unknown,
        "accepted, and never taken": tally.missing,
    }
    return tuple(f"{count:,} {words}" for words, count in found.items() if count)


def _accounted(balance: Balance, tally: _Tally) -> Claim:
    open_ones = balance.selected - balance.of(*RESTING)
    detail = "selected, each with a state and a reason"
    if open_ones or tally.unexplained:
        detail = f"selected, {max(open_ones, tally.unexplained):,} of them without an end or a reason"
    holds = balance.at_rest and not tally.unexplained
    return Claim("accounted", "Everybody is accounted for", holds, f"{balance.selected:,} {detail}")


def _missed(tally: _Tally) -> Claim:
    accepted = tally.states[State.ACCEPTED]
    detail = f"{accepted:,} accepted, {_all_but(tally.missing)} in the journal"
    return Claim("missed", "Nobody is missed", not tally.missing, detail)


def _twice(tally: _Tally) -> Claim:
    if tally.repeated:
        detail = f"{tally.repeated:,} taken more often than the ledger allows"
    elif tally.resent:
        detail = f"{tally.resent:,} taken twice, each after nobody knew, as was decided"
    else:
        detail = "no key is in the journal twice"
    return Claim("twice", "Nobody gets it twice", not tally.repeated, detail)


def _doubt(tally: _Tally, circumstances: Circumstances) -> Claim:
    most = circumstances.most_in_doubt
    detail = f"{tally.in_doubt:,} in doubt, of {most:,} that may be"
    return Claim("doubt", "Doubt is bounded", tally.in_doubt <= most, detail)


def _bytes(journal: Journal) -> Claim:
    count = len(journal.altered)
    detail = f"{count:,} had other bytes another time" if count else "every attempt of a message had the same"
    return Claim("bytes", "All attempts are alike", not count, detail)


def _intent(tally: _Tally, journal: Journal, circumstances: Circumstances) -> Claim:
    without = tally.unintended + len(journal.taken) - tally.found
    found = [*([f"{without:,} taken without one"] if without else ()), *circumstances.violations]
    looked = {0: "", 1: ", after the kill too"}.get(circumstances.kills, ", after every kill too")
    detail = "; ".join(found) or f"each that was taken has one{looked}"
    return Claim("intent", "No message without an intent", not found, detail)


def _agreement(balance: Balance, tally: _Tally, journal: Journal) -> Claim:
    told = {state: balance.of(state) for state in State}
    accepted = balance.of(State.ACCEPTED)
    known = accepted + tally.taken_in_doubt
    holds = told == tally.states and len(journal.taken) == known
    uncertain = f" + {tally.taken_in_doubt:,} of those in doubt" if tally.taken_in_doubt else ""
    detail = f"{len(journal.taken):,} in the journal {'=' if holds else '≠'} {accepted:,} accepted{uncertain}"
    if told != tally.states:
        detail = "the receipt counts other states than the ledger has"
    return Claim("agreement", "Receipt, ledger and journal agree", holds, detail)


def _all_but(count: int) -> str:
    return f"all but {count:,} of them" if count else "all of them"


REMEDY: Final = (
    "Send nothing with this version. Rehearse again with the same seed and --keep, and report it with what is printed "
    "above; the folder holds readers' addresses, so send nobody that."
)
