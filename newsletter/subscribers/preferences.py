"""What readers choose for themselves: lists, topics, frequency, a pause, language, and what is kept of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.consent import Act, Consent, Method, keep_text, record
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.departures import unbar
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.joining import Asking, lift_suppressions, subscribe
from newsletter.subscribers.leaving import leave
from newsletter.subscribers.loading import read_records
from newsletter.subscribers.topics import set_topics, topics_of

_people, _subscriptions = tables.subscribers, tables.subscriptions


@dataclass(frozen=True, slots=True)
class ListChoice:
    """How somebody wants to get a list.

    Args:
        frequency: One of the list's frequencies; None for every issue.
        paused_until: Until when they want nothing from it.
    """

    subscribed: bool
    frequency: str | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """All that readers can choose, as it stands.

    Args:
        values: Names, language, and the attributes that readers can change.
        lists: Choice by list: those that are public, and those that they are on.
        tracking: Since when they let us measure what they read.
    """

    address: Address
    values: Mapping[str, Value]
    topics: frozenset[str]
    lists: Mapping[str, ListChoice]
    tracking: datetime | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody has chosen; only what is named here changes.

    Args:
        texts: The words that were agreed to, by list, for those that are joined; and for tracking under "".
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    topics: frozenset[str] | None = None
    lists: Mapping[str, ListChoice] = field(default_factory=dict)
    tracking: bool | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def read_preferences(connection: sa.Connection, subscriber: int, definitions: Definitions) -> Preferences | None:
    """Read what somebody has chosen; None where nobody has that number any more."""
    found = read_records(connection, [subscriber], definitions).get(subscriber)
    if found is None:
        return None
    row = connection.execute(sa.select(_people).where(_people.c.id == subscriber)).one()
    rows = connection.execute(sa.select(_subscriptions).where(_subscriptions.c.subscriber_id == subscriber))
    lists = {
        row.list: ListChoice(row.status == "subscribed", row.frequency, row.paused_until)
        for row in rows
        if row.list in definitions.lists
    }
    shown = {
        name: lists.get(name, ListChoice(subscribed=False))
        for name, one in definitions.lists.items()
        if one.is_public or name in lists
    }
    editable = {name for name, one in definitions.attributes.items() if one.is_editable}
    values = {
        name: value
        for name, value in found.values.items()
        if name in editable or name in ("first_name", "last_name", "language")
    }
    topics = topics_of(connection, subscriber)
    return Preferences(Address(row.address, row.address_key), values, topics, shown, row.tracking_since)


def save_preferences(
    connection: sa.Connection,
    subscriber: int,
    choices: Choices,
    asking: Asking,
    definitions: Definitions,
    hashes: AddressHashes,
) -> bool:
    """Keep what somebody has chosen, each act in the consent ledger; tells whether anything changed.

    Joining a list here needs no mail to confirm it: whoever sees this page reads the address's mail.
    """
    hold_suppressions(connection)
    hold_people(connection, [subscriber])
    before = read_preferences(connection, subscriber, definitions)
    if before is None:
        return False
    changed = [
        _save_values(connection, subscriber, choices, before, asking, definitions),
        _save_topics(connection, subscriber, choices, asking),
        _save_tracking(connection, subscriber, choices, before, asking),
        *(
            _save_list(connection, subscriber, name, choice, before, choices, asking, hashes)
            for name, choice in choices.lists.items()
            if name in before.lists
        ),
    ]
    return any(changed)


def _save_values(
    connection: sa.Connection,
    subscriber: int,
    choices: Choices,
    before: Preferences,
    asking: Asking,
    definitions: Definitions,
) -> bool:
    new = {name: value for name, value in choices.values.items() if before.values.get(name) != value}
    new = {name: value for name, value in new.items() if name in before.values}
    if not new:
        return False
    people = people_table(definitions)
    columns = {column_of(name): value for name, value in new.items()}
    connection.execute(sa.update(people).where(people.c.id == subscriber).values(changed_at=asking.at, **columns))
    _record(connection, subscriber, Act.CORRECTED, asking, detail=", ".join(sorted(new)))
    return True


def _save_topics(connection: sa.Connection, subscriber: int, choices: Choices, asking: Asking) -> bool:
    if choices.topics is None or not set_topics(connection, subscriber, choices.topics):
        return False
    _record(connection, subscriber, Act.CHOSE, asking, topics=tuple(sorted(choices.topics)))
    return True


def _save_tracking(
    connection: sa.Connection, subscriber: int, choices: Choices, before: Preferences, asking: Asking
) -> bool:
    if choices.tracking is None or choices.tracking == (before.tracking is not None):
        return False
    since = asking.at if choices.tracking else None
    connection.execute(sa.update(_people).where(_people.c.id == subscriber).values(tracking_since=since))
    act = Act.TRACKING_ALLOWED if choices.tracking else Act.TRACKING_ENDED
    _record(connection, subscriber, act, asking, text=_text(connection, choices.texts.get(""), asking))
    return True


def _save_list(
    connection: sa.Connection,
    subscriber: int,
    name: str,
    choice: ListChoice,
    before: Preferences,
    choices: Choices,
    asking: Asking,
    hashes: AddressHashes,
) -> bool:
    present = before.lists[name]
    if choice == present:
        return False
    if present.subscribed and not choice.subscribed:
        leave(connection, subscriber, name, Method.PAGE, asking.at, network=asking.network, source=asking.source)
        return True
    if choice.subscribed and not present.subscribed:
        subscribe(connection, subscriber, name, asking.source, asking.at)
        text = _text(connection, choices.texts.get(name), asking)
        _record(connection, subscriber, Act.JOINED, asking, list_name=name, text=text)
        lift_suppressions(connection, before.address, hashes)
        unbar(connection, hashes(before.address.key), name)
    if (choice.frequency, choice.paused_until) != (present.frequency, present.paused_until) and choice.subscribed:
        _save_pace(connection, subscriber, name, choice, asking)
    return choice.subscribed


def _save_pace(connection: sa.Connection, subscriber: int, name: str, choice: ListChoice, asking: Asking) -> None:
    mine = (_subscriptions.c.subscriber_id == subscriber) & (_subscriptions.c.list == name)
    values = {"frequency": choice.frequency, "paused_until": choice.paused_until}
    connection.execute(sa.update(_subscriptions).where(mine).values(values))
    until = choice.paused_until.date().isoformat() if choice.paused_until else "no"
    detail = f"frequency: {choice.frequency or 'every issue'}; pause until: {until}"
    _record(connection, subscriber, Act.CHOSE, asking, list_name=name, detail=detail)


def _text(connection: sa.Connection, words: str | None, asking: Asking) -> str | None:
    return keep_text(connection, words, asking.language, asking.at) if words else None


def _record(
    connection: sa.Connection,
    subscriber: int,
    act: Act,
    asking: Asking,
    *,
    list_name: str | None = None,
    topics: tuple[str, ...] | None = None,
    text: str | None = None,
    detail: str | None = None,
) -> None:
    consent = Consent(
        asking.at,
        act,
        Method.PAGE,
        list=list_name,
        topics=topics,
        text=text,
        language=asking.language,
        source=asking.source,
        network=asking.network,
        detail=detail,
    )
    record(connection, [subscriber], consent)
