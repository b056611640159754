"""What reports about somebody add up to: one pure function of all of them, whatever order they came in.

- A complaint counts at once, and for good.
- A bounce, or a drop by the provider, that blames the address counts at once.
- Other bounces are failures that may pass. Each issue counts once, with the weight of its fault; a failure counts half
  as much after every half-life; an issue that was delivered, and did not come back after all, begins anew. Once they
  add up to the limit, that counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from newsletter.providers.base.feedback import EventKind, Fault

WEIGHTS: Final[Mapping[Fault, float]] = {
    Fault.MAILBOX: 1.0,
    Fault.UNKNOWN: 1.0,
    Fault.NETWORK: 0.5,
    Fault.SENDER: 0.0,
    Fault.MESSAGE: 0.0,
    Fault.ADDRESS: 1.0,
}
"""How much a failure counts against an address; we and our message are not its fault."""


class Verdict(StrEnum):
    """Why an address is not to be mailed, as it stands in the suppressions."""

    COMPLAINED = "complained"
    BOUNCED = "bounced"
    SOFT_BOUNCED = "soft-bounced"


@dataclass(frozen=True, slots=True)
class Fact:
    """One report about somebody.

    Args:
        dispatch: The issue that it is about, so that each counts once.
    """

    at: datetime
    kind: EventKind
    fault: Fault | None
    dispatch: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How patient we are.

    Args:
        limit: So many failures that may pass are too many.
        half_life: After this time a failure counts half.
    """

    limit: float
    half_life: timedelta


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the reports add up to.

    Args:
        score: What failures that may pass added up to in the end.
        status: The code of the report that decided.
    """

    verdict: Verdict | None
    at: datetime | None
    score: float
    status: str = ""


def judge(facts: Iterable[Fact], rules: Rules) -> Judgement:
    """Add up what was reported of somebody; the order in which it is given does not matter."""
    ordered = sorted(facts, key=lambda fact: (fact.at, fact.kind, fact.fault or "", fact.dispatch, fact.status))
    score, worst = _score(ordered, rules)
    for verdict, decides in ((Verdict.COMPLAINED, _is_complaint), (Verdict.BOUNCED, _is_hard)):
        found = next((fact for fact in ordered if decides(fact)), None)
        if found is not None:
            return Judgement(verdict, found.at, score, found.status)
    if worst is not None:
        return Judgement(Verdict.SOFT_BOUNCED, worst.at, score, worst.status)
    return Judgement(None, None, score)


def _is_complaint(fact: Fact) -> bool:
    return fact.kind is EventKind.COMPLAINED


def _is_hard(fact: Fact) -> bool:
    return fact.kind in (EventKind.BOUNCED, EventKind.DROPPED) and fact.fault is Fault.ADDRESS


def _score(ordered: Sequence[Fact], rules: Rules) -> tuple[float, Fact | None]:
    """Give the score after the last report, and the report that first brought it to the limit."""
    score, since, reached = 0.0, None, None
    counted: set[str] = set()
    failed = {fact.dispatch: fact.at for fact in ordered if fact.kind is EventKind.BOUNCED}
    for fact in ordered:
        if fact.kind is EventKind.DELIVERED and failed.get(fact.dispatch, fact.at) <= fact.at:
            score, since = 0.0, fact.at
        weight = WEIGHTS[fact.fault or Fault.UNKNOWN] if fact.kind is EventKind.BOUNCED else 0.0
        if not weight or fact.dispatch in counted:
            continue
        counted.add(fact.dispatch)
        if since is not None:
            score *= 0.5 ** ((fact.at - since) / rules.half_life)
        score += weight
        since = fact.at
        if score >= rules.limit and reached is None:
            reached = fact
    return score, reached
