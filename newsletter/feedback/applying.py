"""Applies what was reported of people: who complained or asked to leave is off the list, who bounces is not mailed.

What becomes of somebody follows from all reports about them and from when they last joined by themselves, and from
nothing else: so the order in which reports come, and how often, makes no difference.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from newsletter.feedback.policy import Fact, Judgement, Rules, Verdict, judge
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.store import tables
from newsletter.store.conditions import Numbers, is_among, is_one_of
from newsletter.store.inserting import insert_new_rows
from newsletter.subscribers import Act, Consent, Method, leave, record
from newsletter.subscribers.departures import ALL, bar
from newsletter.subscribers.holding import hold_people

COUNTED: Final = (
    EventKind.BOUNCED,
    EventKind.DROPPED,
    EventKind.DELIVERED,
    EventKind.COMPLAINED,
    EventKind.UNSUBSCRIBED,
)
"""What is reported of a person that anything follows from."""

_ANEW: Final = (Act.LIFTED, Act.ADDRESS)
"""After these acts bounces of before do not count: staff know better, or it was another address."""
_RANKS: Final[Mapping[str, int]] = {Verdict.SOFT_BOUNCED: 1, Verdict.BOUNCED: 2, Verdict.COMPLAINED: 4}
_OTHERWISE: Final = 3
"""A leave or an erasure says more than a bounce, and less than a complaint."""

_people, _consents, _suppressions = tables.subscribers, tables.consents, tables.suppressions
_feedback, _dispatches = tables.feedback_events, tables.dispatches


@dataclass(slots=True)
class Applied:
    """What was made of reports.

    Attributes:
        complained: How many were found to have complained now; `left`, to have asked to leave.
        suppressed: How many are not mailed any more from now on, because of a bounce.
        lifted: How many of those may be mailed again.
    """

    complained: int = 0
    left: int = 0
    suppressed: int = 0
    lifted: int = 0

    def __iadd__(self, other: "Applied") -> "Applied":
        self.complained += other.complained
        self.left += other.left
        self.suppressed += other.suppressed
        self.lifted += other.lifted
        return self


@dataclass(slots=True)
class Known:
    """What is known of one person.

    Attributes:
        joined: When they last joined each list by themselves; under None, any of them.
        lifted: When staff last let them be mailed again.
    """

    number: int
    address_hash: bytes
    suppressed: str | None
    facts: list[tuple[Fact, str]] = field(default_factory=list)
    joined: dict[str | None, datetime] = field(default_factory=dict)
    lifted: datetime | None = None

    def judgement(self, rules: Rules) -> Judgement:
        """Judge what was reported since they last joined, and of bounces since staff last lifted one."""
        since = self.joined.get(None)
        lifted = max((moment for moment in (since, self.lifted) if moment), default=None)
        return judge(
            (
                fact
                for fact, _ in self.facts
                if _is_later(fact.at, since if fact.kind is EventKind.COMPLAINED else lifted)
            ),
            rules,
        )


def apply(connection: sa.Connection, subscribers: Collection[int], rules: Rules, now: datetime) -> Applied:
    """Bring what is kept of some people into line with everything that was reported of them; safe to repeat."""
    applied, changes = Applied(), _Changes()
    hold_people(connection, subscribers)
    everybody = read_known(connection, subscribers)
    _bar_former(connection, sorted(set(subscribers) - {known.number for known in everybody}), now)
    for known in everybody:
        _leave_lists(connection, known, now, applied)
        _suppress(known, known.judgement(rules), changes, applied)
    changes.write(connection, now)
    return applied


def read_known(connection: sa.Connection, subscribers: Collection[int]) -> list[Known]:
    """Read what is known of people; those who were erased are not there."""
    numbers = sa.bindparam("numbers", list(subscribers), type_=Numbers())
    same = _suppressions.c.address_hash == _people.c.address_hash
    people = connection.execute(
        sa.select(_people.c.id, _people.c.address_hash, _suppressions.c.reason)
        .join_from(_people, _suppressions, same, isouter=True)
        .where(is_among(_people.c.id, numbers))
        .order_by(_people.c.id)
    )
    found = {row.id: Known(row.id, row.address_hash, row.reason) for row in people}
    acts = connection.execute(
        sa.select(_consents.c.subscriber_id, _consents.c.act, _consents.c.list, sa.func.max(_consents.c.at))
        .where(
            is_among(_consents.c.subscriber_id, numbers),
            _consents.c.act.in_([act.value for act in (Act.JOINED, Act.RETURNED, *_ANEW)]),
        )
        .group_by(_consents.c.subscriber_id, _consents.c.act, _consents.c.list)
    )
    for subscriber, act, name, at in acts:
        if subscriber in found:
            _note_act(found[subscriber], act, name, at)
    for row in connection.execute(_reports(numbers)):
        if row.subscriber_id in found:
            found[row.subscriber_id].facts.append((_fact(row), row.list or ""))
    return list(found.values())


def _reports(numbers: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            _feedback.c.subscriber_id,
            _feedback.c.at,
            _feedback.c.kind,
            _feedback.c.fault,
            _feedback.c.dispatch_id,
            _feedback.c.status,
            _dispatches.c.list,
        )
        .join_from(_feedback, _dispatches, _feedback.c.dispatch_id == _dispatches.c.id, isouter=True)
        .where(is_among(_feedback.c.subscriber_id, numbers), _feedback.c.kind.in_([kind.value for kind in COUNTED]))
    )


def _fact(row: Any) -> Fact:
    fault = Fault(row.fault) if row.fault else None
    return Fact(row.at, EventKind(row.kind), fault, row.dispatch_id or "", row.status)


def _note_act(known: Known, act: str, name: str | None, at: datetime) -> None:
    if act in _ANEW:
        known.lifted = at if known.lifted is None else max(known.lifted, at)
        return
    for one in (name, None):
        known.joined[one] = max(at, known.joined.get(one, at))


def _leave_lists(connection: sa.Connection, known: Known, now: datetime, applied: Applied) -> None:
    """Take somebody off the lists that they complained about or asked to leave, and did not join again since."""
    for fact, name in known.facts:
        if fact.kind is EventKind.UNSUBSCRIBED and name and _is_later(fact.at, known.joined.get(name)):
            lists = leave(connection, known.number, name, Method.REPORT, now, detail=fact.status or None)
            applied.left += bool(lists)
    complaints = [fact.at for fact, _ in known.facts if fact.kind is EventKind.COMPLAINED]
    if not complaints:
        return
    joined_since = {name for name, at in known.joined.items() if name is not None and at >= max(complaints)}
    applied.complained += bool(_complain(connection, known.number, joined_since, now))


def _complain(connection: sa.Connection, number: int, staying: set[str], now: datetime) -> list[str]:
    subscriptions = tables.subscriptions
    _bar_all(connection, number, now)
    lists = connection.scalars(
        sa.select(subscriptions.c.list).where(
            subscriptions.c.subscriber_id == number,
            subscriptions.c.list.not_in(sorted(staying)) if staying else sa.true(),
        )
    ).all()
    left: list[str] = []
    for name in lists:
        left += leave(connection, number, name, Method.REPORT, now, act=Act.COMPLAINED)
    return left


def _bar_all(connection: sa.Connection, number: int, now: datetime) -> None:
    """Let nobody but themselves add somebody to any list who has complained."""
    hashed: bytes | None = connection.scalar(sa.select(_people.c.address_hash).where(_people.c.id == number))
    if hashed is not None:
        bar(connection, hashed, ALL, now)


def _bar_former(connection: sa.Connection, numbers: Collection[int], now: datetime) -> None:
    """Heed what people say about messages of ours who are not kept any more: nobody is to add them again."""
    if not numbers:
        return
    rows = connection.execute(_reports(sa.bindparam("numbers", list(numbers), type_=Numbers())))
    for row in rows.all():
        if row.kind == EventKind.COMPLAINED:
            leave(connection, row.subscriber_id, None, Method.REPORT, now, act=Act.COMPLAINED)
        elif row.kind == EventKind.UNSUBSCRIBED and row.list:
            leave(connection, row.subscriber_id, row.list, Method.REPORT, now)


def _suppress(known: Known, judgement: Judgement, changes: "_Changes", applied: Applied) -> None:
    wanted, present = judgement.verdict, known.suppressed
    if wanted is None:
        if present == Verdict.SOFT_BOUNCED:
            # A report that came late tells that a message was delivered in between.
            changes.lifted.append(known.address_hash)
            applied.lifted += 1
        return
    if present is not None and _RANKS.get(present, _OTHERWISE) >= _RANKS[wanted]:
        return
    if present is None:
        applied.suppressed += wanted is not Verdict.COMPLAINED
    else:
        changes.lifted.append(known.address_hash)
    changes.suppressed.append((known, wanted, judgement.status))


@dataclass(slots=True)
class _Changes:
    """What is written at once for many people, where a statement for each would take its time."""

    lifted: list[bytes] = field(default_factory=list)
    suppressed: list[tuple[Known, Verdict, str]] = field(default_factory=list)

    def write(self, connection: sa.Connection, now: datetime) -> None:
        if self.lifted:
            lifted = is_one_of(connection, _suppressions.c.address_hash, self.lifted)
            connection.execute(sa.delete(_suppressions).where(lifted))
        if not self.suppressed:
            return
        rows = [
            {
                "address_hash": known.address_hash,
                "reason": verdict.value,
                "created_at": now,
                "detail": status or None,
            }
            for known, verdict, status in self.suppressed
        ]
        insert_new_rows(connection, _suppressions, rows)
        people: dict[str, list[int]] = {}
        for known, verdict, status in self.suppressed:
            people.setdefault(f"{verdict.value}: {status}" if status else verdict.value, []).append(known.number)
        for detail, numbers in people.items():
            record(connection, numbers, Consent(now, Act.SUPPRESSED, Method.REPORT, detail=detail))


def _is_later(at: datetime, since: datetime | None) -> bool:
    return since is None or at > since
