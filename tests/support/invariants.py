"""What must hold of a ledger whatever happens: invariants of the dispatcher, each asked by its name.

They are asked of the ledger, of a witness within its database and of the sink's journal. I12, I13 and I15 need other
happenings than a kill, and are asked by tests of their own.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from newsletter.dispatch import counts
from newsletter.dispatch.account import Balance
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.rehearsal.journal import Journal
from newsletter.dispatch.rehearsal.proof import Circumstances, Delivery, prove, violations
from newsletter.dispatch.states import OPEN, TRANSITIONS, State
from support.witness import Seen

Question = Callable[["Evidence"], str]
"""Says what is wrong, or nothing."""


@dataclass(frozen=True)
class Evidence:
    """What there is after a kill, or at rest.

    Args:
        counted: How many rows there are in each state and for each reason.
        kept: The same, as it was kept while they moved.
        journal_before: What the sink had taken before the ledger was read.
        journal: What it had taken after that.
        altered: Keys whose messages were not the same bytes in all runs so far.
        in_flight: How many messages each worker may have under way.
        left: Readers who have left, with the mark that the witness had then.
        pauses: Between which marks of the witness the dispatch was paused.
        kept_in_vain: How many readers are kept for another attempt that can never come.
        balance: As the receipt tells it; only at rest.
    """

    dispatch: Dispatch
    deliveries: Sequence[Delivery]
    counted: counts.Counts
    kept: counts.Counts
    steps: Sequence[Seen]
    journal_before: Journal
    journal: Journal
    altered: Collection[str]
    in_flight: int
    workers: int
    kills: int
    left: Mapping[int, int]
    pauses: Sequence[tuple[int, int]]
    kept_in_vain: int
    balance: Balance | None = None

    def of(self, state: State) -> int:
        """Count the deliveries in a state."""
        return sum(one.state is state for one in self.deliveries)

    def claim(self, name: str) -> str:
        """Ask for a promise of a rehearsal, which can be made at rest only."""
        if self.balance is None:
            return ""
        circumstances = Circumstances(self.kills, self.in_flight)
        claims = {one.name: one for one in prove(self.balance, self.deliveries, self.journal, circumstances)}
        return "" if claims[name].holds else claims[name].detail


def broken(evidence: Evidence) -> dict[str, str]:
    """Ask for every invariant, and say of those that do not hold what is wrong."""
    answers = {name: [told for ask in questions if (told := ask(evidence))] for name, questions in INVARIANTS.items()}
    return {name: "; ".join(told) for name, told in answers.items() if told}


def _adds_up(evidence: Evidence) -> str:
    found = sum(evidence.counted.values())
    return "" if found == evidence.dispatch.selected else f"{found} of {evidence.dispatch.selected} have a state"


def _accepted_was_taken(evidence: Evidence) -> str:
    missing = [text for text in violations(evidence.deliveries, evidence.journal) if "never taken" in text]
    return "; ".join(missing)


def _taken_was_intended(evidence: Evidence) -> str:
    without = [text for text in violations(evidence.deliveries, evidence.journal_before) if "intent" in text]
    return "; ".join(without)


def _taken_no_more_than_allowed(evidence: Evidence) -> str:
    resends = {one.key: min(one.resends, 1) for one in evidence.deliveries if one.key}
    often = [key for key, times in evidence.journal_before.taken.items() if times > 1 + resends.get(key, 0)]
    return f"{len(often)} taken too often" if often else ""


def _doubt_is_bounded(evidence: Evidence) -> str:
    under_way, most = evidence.of(State.SUBMITTING), evidence.in_flight * evidence.workers
    in_doubt, kills = evidence.of(State.UNCERTAIN), evidence.kills * evidence.in_flight
    if under_way > most or in_doubt > kills:
        return f"{under_way} under way of {most}, {in_doubt} uncertain of {kills}"
    return ""


def _only_known_steps(evidence: Evidence) -> str:
    known = {(since, state) for since, steps in TRANSITIONS.items() for state in steps.values()}
    strange = {(one.since, one.state) for one in evidence.steps} - {(str(a), str(b)) for a, b in known}
    return f"steps that there are not: {sorted(strange)}" if strange else ""


def _steps_follow_each_other(evidence: Evidence) -> str:
    """Hold the history of each delivery together: each step starts where the one before it led."""
    now: dict[int, str] = {}
    for one in evidence.steps:
        if now.get(one.subscriber, State.PLANNED) != one.since:
            return f"a step from {one.since} of a delivery that was {now.get(one.subscriber)}"
        now[one.subscriber] = one.state
    moved = Counter(now.values())
    untouched = evidence.dispatch.selected - len(now)
    moved[State.PLANNED] += untouched
    found = Counter(one.state.value for one in evidence.deliveries)
    return "" if +moved == +found else f"the history ends in {dict(moved)}, the ledger has {dict(found)}"


def _whoever_claims_hands_over(evidence: Evidence) -> str:
    owner: dict[int, str] = {}
    for one in evidence.steps:
        if one.state == State.CLAIMED:
            owner[one.subscriber] = one.process
        elif one.state == State.SUBMITTING and owner.get(one.subscriber) != one.process:
            return f"{one.process} hands over what {owner.get(one.subscriber)} has claimed"
    return ""


def _nobody_after_leaving(evidence: Evidence) -> str:
    late = [
        one
        for one in evidence.steps
        if one.state == State.SUBMITTING and one.id > evidence.left.get(one.subscriber, one.id)
    ]
    return f"{len(late)} intended after they had left" if late else ""


def _nothing_in_a_pause(evidence: Evidence) -> str:
    intents = [one.id for one in evidence.steps if one.state == State.SUBMITTING]
    late = sum(begun < intent < ended for intent in intents for begun, ended in evidence.pauses)
    return f"{late} intended while it was paused" if late else ""


def _same_bytes(evidence: Evidence) -> str:
    return f"{len(evidence.altered)} had other bytes another time" if evidence.altered else ""


def _nobody_is_kept_in_vain(evidence: Evidence) -> str:
    at_rest = evidence.balance is not None
    return f"{evidence.kept_in_vain} readers are kept for nothing" if at_rest and evidence.kept_in_vain else ""


def _attempts_are_intents(evidence: Evidence) -> str:
    intents = Counter(one.subscriber for one in evidence.steps if one.state == State.SUBMITTING)
    attempts = Counter(one.attempts for one in evidence.deliveries)
    if +Counter(intents.values()) != Counter({number: count for number, count in attempts.items() if number}):
        return f"{dict(intents)} intents are told as {dict(attempts)} attempts"
    most = max((one.attempts - 1 - one.resends for one in evidence.deliveries), default=0)
    return "somebody was tried again without a decision" if most > 0 else ""


def _no_false_alarm(evidence: Evidence) -> str:
    return "it was taken for a restored backup" if evidence.dispatch.state is DispatchState.PAUSED else ""


def _counts_are_kept(evidence: Evidence) -> str:
    return "" if evidence.counted == evidence.kept else f"{evidence.kept} is told of {evidence.counted}"


def _finished_is_finished(evidence: Evidence) -> str:
    is_open = bool([one for one in evidence.deliveries if one.state in OPEN and one.state is not State.UNCERTAIN])
    finished = evidence.dispatch.finished_at is not None
    if finished and is_open:
        return "finished, with somebody left to mail"
    return "at rest, and not finished" if evidence.balance is not None and not finished else ""


def _claimed(name: str) -> Question:
    return lambda evidence: evidence.claim(name)


INVARIANTS: Mapping[str, Sequence[Question]] = {
    "I1": (_adds_up, _claimed("accounted")),
    "I2": (_accepted_was_taken, _claimed("missed")),
    "I3": (_taken_no_more_than_allowed, _claimed("twice")),
    "I4": (_taken_was_intended, _claimed("intent")),
    "I5": (_doubt_is_bounded, _claimed("doubt")),
    "I6": (_only_known_steps, _steps_follow_each_other),
    "I7": (_whoever_claims_hands_over,),
    "I8": (_nobody_after_leaving,),
    "I9": (_nothing_in_a_pause,),
    "I10": (_same_bytes, _claimed("bytes"), _nobody_is_kept_in_vain),
    "I11": (_same_bytes,),
    "I14": (_attempts_are_intents,),
    "I16": (_no_false_alarm,),
    "I17": (_counts_are_kept, _finished_is_finished, _claimed("agreement")),
}
