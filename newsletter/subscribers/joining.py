"""Joining: what somebody asks for with an address, and what becomes of it once that address has confirmed it.

A form proves nothing about who filled it in. Nobody becomes a subscriber by one alone, unless the list says so
(`opt_in: single`) and nothing is known that speaks against it: whoever has left a list, complained or may not be mailed
comes back only by a confirmation from their own mailbox. Asking tells nothing about what is known of an address.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import NewsletterError
from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.consent import Act, Consent, Method, keep_text, record
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.departures import unbar
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.topics import add_topics
from newsletter.subscribers.values import read_value

THROTTLE: Final = timedelta(days=1)
"""How long nobody gets a second mail of the same kind to confirm. Source: notes of the field, S2."""
VALID_FOR: Final = timedelta(days=7)
"""How long something can be confirmed, and how long it is kept when it never is."""

_people, _subscriptions = tables.subscribers, tables.subscriptions
_suppressions, _confirmations = tables.suppressions, tables.confirmations


class Kind(StrEnum):
    """What is mailed to an address before anything is done, or because of it."""

    JOIN = "join"
    ADDRESS = "address"
    """A new address is to be confirmed, at the new one."""
    MOVED = "moved"
    """The old address is told that there is a new one."""
    LINK = "link"
    """Somebody asked for the link to their own page."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for who joins.

    Args:
        values: Names, language and attributes; only what was filled in.
    """

    lists: tuple[str, ...]
    topics: frozenset[str] = frozenset()
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """How, when and in which words something was asked.

    Args:
        language: The language of the page, in which the mail is written too.
        text: The words that were agreed to.
        source: Where, such as the page's name.
        network: Where from, as far as that is kept.
    """

    at: datetime
    language: str
    source: str
    text: str = ""
    network: str | None = None


class Answer(StrEnum):
    """What a confirmation led to."""

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"


def ask_to_join(
    connection: sa.Connection,
    address: Address,
    wish: Wish,
    asking: Asking,
    definitions: Definitions,
    hashes: AddressHashes,
) -> None:
    """Take a request to join; says nothing about whether anybody has that address.

    A second request for an address within a day changes nothing, so that nobody's mailbox can be filled. Lists that
    are not for the public are left out.
    """
    hashed = hashes(address.key)
    wish = replace(wish, lists=tuple(name for name in wish.lists if definitions.list(name).is_public))
    if not wish.lists or _is_throttled(connection, Kind.JOIN, hashed, asking.at):
        return
    text = keep_text(connection, asking.text, asking.language, asking.at) if asking.text else None
    at_once = all(not definitions.list(name).is_double for name in wish.lists)
    if at_once and _is_unburdened(connection, address, hashed):
        join(connection, address, wish, asking, text, Method.FORM, definitions, hashes)
        return
    request(connection, Kind.JOIN, address, pack(wish), asking, text, hashed[0])


def join(
    connection: sa.Connection,
    address: Address,
    wish: Wish,
    asking: Asking,
    text: str | None,
    method: Method,
    definitions: Definitions,
    hashes: AddressHashes,
    now: datetime | None = None,
) -> int:
    """Subscribe somebody who asked for it themselves, whatever was before; gives their number.

    Args:
        text: The identifier of the words that were agreed to.
        now: When it was confirmed, where that is later than it was asked.
    """
    at = now or asking.at
    hold_suppressions(connection)
    subscriber = _keep(connection, address, wish.values, definitions, hashes, at)
    hold_people(connection, [subscriber])
    for name in wish.lists:
        subscribe(connection, subscriber, name, asking.source, at)
        unbar(connection, hashes(address.key), name)
    add_topics(connection, subscriber, wish.topics)
    for name in wish.lists:
        consent = Consent(
            at,
            Act.JOINED,
            method,
            list=name,
            topics=tuple(sorted(wish.topics)) if wish.topics else None,
            text=text,
            language=asking.language,
            source=asking.source,
            requested_at=asking.at if now else None,
            network=asking.network,
        )
        record(connection, [subscriber], consent)
    lift_suppressions(connection, address, hashes)
    return subscriber


def subscribe(connection: sa.Connection, subscriber: int, list_name: str, source: str, now: datetime) -> None:
    """Put somebody on a list, whether they were on it, had left it or were never there."""
    mine = (_subscriptions.c.subscriber_id == subscriber) & (_subscriptions.c.list == list_name)
    status = connection.scalar(sa.select(_subscriptions.c.status).where(mine))
    values = {"status": "subscribed", "source": source, "subscribed_at": now}
    if status is None:
        row = {"subscriber_id": subscriber, "list": list_name, **values}
        connection.execute(sa.insert(_subscriptions).values(row))
    elif status != "subscribed":
        connection.execute(sa.update(_subscriptions).where(mine).values(unsubscribed_at=None, **values))


def lift_suppressions(connection: sa.Connection, address: Address, hashes: AddressHashes) -> None:
    """Let an address be mailed again, because the person asked for it."""
    connection.execute(sa.delete(_suppressions).where(_suppressions.c.address_hash.in_(hashes(address.key))))


def request(
    connection: sa.Connection,
    kind: Kind,
    address: Address,
    wish: str,
    asking: Asking,
    text: str | None,
    address_hash: bytes,
    subscriber: int | None = None,
) -> None:
    """Keep what an address has to confirm; the mail about it is due at once."""
    connection.execute(
        sa.insert(_confirmations).values(
            kind=kind.value,
            subscriber_id=subscriber,
            address=address.address,
            address_key=address.key,
            address_hash=address_hash,
            wish=wish,
            language=asking.language,
            text_id=text,
            source=asking.source,
            network=asking.network,
            requested_at=asking.at,
            expires_at=asking.at + VALID_FOR,
            mail_due=asking.at,
        )
    )


def pack(wish: Wish) -> str:
    """Write a wish as JSON."""
    values = {name: str(value) if value is not None else None for name, value in wish.values.items()}
    content = {"lists": list(wish.lists), "topics": sorted(wish.topics), "values": values}
    return json.dumps(content, ensure_ascii=False)


def unpack(text: str, definitions: Definitions) -> Wish:
    """Read a wish back; what is not declared any more, or may not be so any more, is left out."""
    content: dict[str, Any] = json.loads(text)
    known = {"first_name", "last_name", "language", *definitions.attributes}
    return Wish(
        tuple(name for name in content["lists"] if name in definitions.lists),
        frozenset(content["topics"]) & frozenset(definitions.topics),
        dict(_still_valid(content["values"], known, definitions)),
    )


def _still_valid(
    values: Mapping[str, str | None], known: Collection[str], definitions: Definitions
) -> Iterator[tuple[str, Value]]:
    for name, text in values.items():
        if name in known and text is not None:
            with suppress(NewsletterError):
                yield name, read_value(definitions, name, text)


def is_throttled(connection: sa.Connection, kind: Kind, address: Address, hashes: AddressHashes, now: datetime) -> bool:
    """Tell whether an address has had a mail of this kind within a day and has not answered it."""
    return _is_throttled(connection, kind, hashes(address.key), now)


def _is_throttled(connection: sa.Connection, kind: Kind, hashed: Any, now: datetime) -> bool:
    waiting = sa.exists().where(
        _confirmations.c.address_hash.in_(hashed),
        _confirmations.c.kind == kind.value,
        _confirmations.c.requested_at > now - THROTTLE,
        _confirmations.c.confirmed_at.is_(None),
    )
    return bool(connection.scalar(sa.select(waiting)))


def _is_unburdened(connection: sa.Connection, address: Address, hashed: Any) -> bool:
    """Tell whether nobody has that address yet, and nothing forbids to mail it."""
    known = sa.exists().where(_people.c.address_key == address.key)
    suppressed = sa.exists().where(_suppressions.c.address_hash.in_(hashed))
    return not connection.scalar(sa.select(known | suppressed))


def _keep(
    connection: sa.Connection,
    address: Address,
    values: Mapping[str, Value],
    definitions: Definitions,
    hashes: AddressHashes,
    now: datetime,
) -> int:
    """Keep somebody and what they say of themselves, whether they are known already or not."""
    people = people_table(definitions)
    columns = {column_of(name): value for name, value in values.items()}
    of_address = sa.select(_people.c.id).where(_people.c.address_key == address.key)
    known: int | None = connection.scalar(of_address)
    if known is not None:
        if columns:
            connection.execute(sa.update(people).where(people.c.id == known).values(changed_at=now, **columns))
        return known
    row = {"address": address.address, "address_key": address.key, "address_hash": hashes(address.key)[0]}
    connection.execute(sa.insert(people).values(created_at=now, changed_at=now, **row, **columns))
    added: int = connection.scalars(of_address).one()
    return added
