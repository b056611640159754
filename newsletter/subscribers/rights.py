"""What people may ask of us: to see everything that is kept of them, and to be forgotten.

Source: AVG (GDPR) articles 15, 17 and 20.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.subscribers.consent import Consent, history
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.departures import ALL, bar, bar_departed, leave_trace, suppress_hash
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.loading import read_records

ERASED: Final = "erased"

_people, _subscriptions, _tags = tables.subscribers, tables.subscriptions, tables.subscriber_tags
_suppressions, _confirmations, _feedback = tables.suppressions, tables.confirmations, tables.feedback_events
_deliveries, _dispatches = tables.deliveries, tables.dispatches


@dataclass(frozen=True, slots=True)
class Membership:
    """What somebody's relation to a list is.

    Args:
        frequency: How often at most they want it; None for every issue.
    """

    list: str
    status: str
    source: str
    subscribed_at: datetime
    unsubscribed_at: datetime | None
    paused_until: datetime | None
    frequency: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one issue for somebody."""

    issue: str
    list: str
    state: str
    reason: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """What a mail system reported about a message to somebody."""

    at: datetime
    kind: str
    source: str
    status: str
    reply: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What somebody has asked for and not confirmed yet."""

    kind: str
    address: str
    requested_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was kept of somebody before a bulk change, for as long as that can be undone."""

    at: datetime
    action: str
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that is kept of somebody.

    Args:
        values: Names, language, attributes; those that are known.
        suppressed: Why they are not mailed, and since when.
        tracking_since: Since when they let us measure what they read.
    """

    number: int
    address: str
    values: Mapping[str, Value]
    topics: tuple[str, ...]
    tags: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    tracking_since: datetime | None
    suppressed: tuple[str, datetime] | None
    memberships: tuple[Membership, ...]
    consents: tuple[Consent, ...]
    issues: tuple[Received, ...]
    reports: tuple[Reported, ...]
    waiting: tuple[Waiting, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    def document(self) -> dict[str, Any]:
        """Give it as data, ready for JSON: moments and dates in ISO 8601."""
        found: dict[str, Any] = _plain(asdict(replace(self, values=dict(self.values))))
        found["suppressed"] = None
        if self.suppressed:
            found["suppressed"] = {"reason": self.suppressed[0], "since": self.suppressed[1].isoformat()}
        return found

    def as_json(self) -> str:
        """Write it for another program, as people may ask (article 20)."""
        return json.dumps(self.document(), ensure_ascii=False, indent=2) + "\n"


def dossier(connection: sa.Connection, subscriber: int, definitions: Definitions) -> Dossier | None:
    """Gather everything that is kept of somebody; None where nobody has that number."""
    record = read_records(connection, [subscriber], definitions).get(subscriber)
    if record is None:
        return None
    person = connection.execute(sa.select(_people).where(_people.c.id == subscriber)).one()
    values = {
        name: value for name, value in record.values.items() if name not in ("email", TOPICS) and value is not None
    }
    topics = record.values[TOPICS]
    tags = connection.scalars(
        sa.select(_tags.c.tag).where(_tags.c.subscriber_id == subscriber).order_by(_tags.c.tag)
    ).all()
    suppressed = connection.execute(
        sa.select(_suppressions.c.reason, _suppressions.c.created_at).where(
            _suppressions.c.address_hash == person.address_hash
        )
    ).one_or_none()
    return Dossier(
        number=subscriber,
        address=record.address,
        values=values,
        topics=tuple(sorted(topics)) if isinstance(topics, frozenset) else (),
        tags=tuple(tags),
        created_at=person.created_at,
        changed_at=person.changed_at,
        tracking_since=person.tracking_since,
        suppressed=(suppressed.reason, suppressed.created_at) if suppressed else None,
        memberships=_memberships(connection, subscriber),
        consents=history(connection, subscriber),
        issues=_issues(connection, subscriber),
        reports=_reports(connection, subscriber),
        waiting=_waiting(connection, subscriber, person.address_key),
        earlier=_earlier(connection, subscriber),
    )


def erase(connection: sa.Connection, subscriber: int, now: datetime) -> bool:
    """Erase somebody who asks for it: nothing stays but a keyed hash of the address; tells whether there was anybody.

    The hash keeps any import from bringing them back; only they themselves can, by joining again. Rows of the ledger
    stay; they name nobody.
    """
    hold_suppressions(connection)
    hold_people(connection, [subscriber])
    person = connection.execute(sa.select(_people).where(_people.c.id == subscriber)).one_or_none()
    if person is None:
        return False
    suppress_hash(connection, person.address_hash, ERASED, now)
    bar(connection, person.address_hash, ALL, now)
    forget(connection, [subscriber], now)
    return True


def forget(connection: sa.Connection, subscribers: Sequence[int], now: datetime) -> None:
    """Take away all that is kept of some people, and what waits to be confirmed at their addresses.

    Lists that they have left stay closed to everybody but themselves, and what they may still say about messages that
    they have counts: for both a keyed hash is kept.
    """
    bar_departed(connection, subscribers, now)
    leave_trace(connection, subscribers, now)
    addresses = sa.select(_people.c.address_key).where(_people.c.id.in_(subscribers))
    connection.execute(sa.delete(_confirmations).where(_confirmations.c.address_key.in_(addresses)))
    connection.execute(sa.delete(_people).where(_people.c.id.in_(subscribers)))


def _memberships(connection: sa.Connection, subscriber: int) -> tuple[Membership, ...]:
    columns = [_subscriptions.c[name] for name in Membership.__dataclass_fields__]
    rows = connection.execute(
        sa.select(*columns).where(_subscriptions.c.subscriber_id == subscriber).order_by(_subscriptions.c.list)
    )
    return tuple(Membership(*row) for row in rows)


def _issues(connection: sa.Connection, subscriber: int) -> tuple[Received, ...]:
    rows = connection.execute(
        sa.select(
            _dispatches.c.issue, _dispatches.c.list, _deliveries.c.state, _deliveries.c.reason, _deliveries.c.changed_at
        )
        .join_from(_deliveries, _dispatches, _deliveries.c.dispatch_id == _dispatches.c.id)
        .where(_deliveries.c.subscriber_id == subscriber)
        .order_by(_dispatches.c.created_at)
    )
    return tuple(Received(*row) for row in rows)


def _waiting(connection: sa.Connection, subscriber: int, address_key: str) -> tuple[Waiting, ...]:
    columns = [_confirmations.c[name] for name in Waiting.__dataclass_fields__]
    mine = (_confirmations.c.subscriber_id == subscriber) | (_confirmations.c.address_key == address_key)
    rows = connection.execute(sa.select(*columns).where(mine).order_by(_confirmations.c.id))
    return tuple(Waiting(*row) for row in rows)


def _earlier(connection: sa.Connection, subscriber: int) -> tuple[Earlier, ...]:
    changes, changed = tables.changes, tables.changed_people
    rows = connection.execute(
        sa.select(changes.c.at, changes.c.action, changed.c.before)
        .join_from(changed, changes, changed.c.change_id == changes.c.id)
        .where(changed.c.subscriber_id == subscriber, changed.c.before.is_not(None))
        .order_by(changes.c.id)
    )
    return tuple(Earlier(row.at, row.action, json.loads(row.before)) for row in rows)


def _reports(connection: sa.Connection, subscriber: int) -> tuple[Reported, ...]:
    columns = [_feedback.c[name] for name in Reported.__dataclass_fields__]
    rows = connection.execute(
        sa.select(*columns).where(_feedback.c.subscriber_id == subscriber).order_by(_feedback.c.at, _feedback.c.id)
    )
    return tuple(Reported(*row) for row in rows)


def _plain(value: Any) -> Any:
    """Bring data into the types that JSON has."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value
