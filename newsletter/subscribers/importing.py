"""Imports people into a list: all good rows in one transaction, safe to repeat, and nobody is brought back.

Who has unsubscribed from the list stays so, and who may not be mailed at all is not added again. Whom the file calls
unsubscribed is kept as somebody who has left, so that no later import adds them. An empty cell changes nothing.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import Database, tables
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.people import HashAddress
from newsletter.subscribers.rows import BadRow, Person
from newsletter.subscribers.tabular import guard_formula
from newsletter.workspace import replacing

CHUNK: Final = 500

_subscriptions, _topics, _suppressions = tables.subscriptions, tables.subscriber_topics, tables.suppressions

Progress: TypeAlias = Callable[[int], None]
_T = TypeVar("_T")


class Fate(StrEnum):
    """What an import makes of a row."""

    ADDED = "added"
    JOINED = "joined"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT = "left"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    REPEATED = "repeated"
    BAD = "bad"


@dataclass(slots=True)
class ImportResult:
    """What an import did, or would do: every row counts once."""

    counts: Counter[Fate] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.counts.total()

    @property
    def written(self) -> int:
        """How many rows changed something."""
        return sum(self.counts[fate] for fate in (Fate.ADDED, Fate.JOINED, Fate.CHANGED, Fate.LEFT))


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes: the list, and what is written beside each subscription.

    Args:
        source: Where the people came from, kept as proof of how they joined.
        now: Aware.
    """

    list: str
    source: str
    now: datetime
    definitions: Definitions
    hash_address: HashAddress


def import_people(
    database: Database, rows: Iterable[Person | BadRow], target: Target, progress: Progress, *, dry_run: bool
) -> ImportResult:
    """Import all good rows in one transaction, or only find out what that would do.

    Args:
        progress: Told how many rows were read since it was last told.

    Raises:
        StoreError: The database cannot be written; nothing was changed then.
    """
    result = ImportResult()
    met: set[str] = set()
    with database.reading() if dry_run else database.writing() as connection:
        writer = _Writer(connection, target, dry_run)
        for chunk in _chunks(rows, CHUNK):
            people: list[Person] = []
            for row in chunk:
                if isinstance(row, BadRow):
                    result.bad.append(row)
                    result.counts[Fate.BAD] += 1
                elif row.address.key in met:
                    result.counts[Fate.REPEATED] += 1
                else:
                    met.add(row.address.key)
                    people.append(row)
            result.counts.update(writer.write(people))
            progress(len(chunk))
    return result


def write_report(result: ImportResult, headers: Sequence[str], path: Path) -> None:
    """Write the bad rows, each with what is wrong; once mended the file can be imported itself.

    The file holds people's data: it is readable by its owner only.
    """
    with replacing(path, private=True) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(["row", "line", "problem", "remedy", *headers])
        for bad in result.bad:
            problem, row = bad.problem, bad.row
            place = f"{problem.where.field}: " if problem.where.field else ""
            cells = [guard_formula(cell) for cell in row.cells]
            writer.writerow([row.number, row.line, guard_formula(place + problem.message), problem.remedy, *cells])
        text.flush()
        text.detach()


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database holds of somebody."""

    id: int
    values: Mapping[str, Value]
    topics: frozenset[str]
    status: str | None


class _Writer:
    def __init__(self, connection: sa.Connection, target: Target, dry_run: bool) -> None:
        self.connection = connection
        self.target = target
        self.dry_run = dry_run
        self.people = people_table(target.definitions)
        self.columns = [
            column.name for column in self.people.columns if column.name not in tables.subscribers.columns
        ] + ["first_name", "last_name", "language"]

    def write(self, people: Sequence[Person]) -> Counter[Fate]:
        """Write some rows, none of which has the address of another."""
        if not people:
            return Counter()
        hashes = {person.address.key: self.target.hash_address(person.address.key) for person in people}
        suppressed = self._suppressed(list(hashes.values()))
        known = self._known([person.address.key for person in people])
        fates: dict[str, Fate] = {}
        for person in people:
            key = person.address.key
            fates[key] = Fate.SUPPRESSED if hashes[key] in suppressed else self._fate(person, known.get(key))
        if not self.dry_run:
            self._keep(people, fates, known, hashes)
        return Counter(fates.values())

    def _fate(self, person: Person, known: _Known | None) -> Fate:
        if known is not None and known.status == "unsubscribed":
            return Fate.UNSUBSCRIBED
        if person.has_left:
            return Fate.LEFT
        if known is None:
            return Fate.ADDED
        if known.status is None:
            return Fate.JOINED
        return Fate.CHANGED if self._news(person, known) else Fate.UNCHANGED

    def _news(self, person: Person, known: _Known) -> bool:
        topics = person.values.get(TOPICS)
        more = isinstance(topics, frozenset) and not topics <= known.topics
        return more or any(known.values[column] != value for column, value in _columns(person).items())

    def _keep(
        self,
        people: Sequence[Person],
        fates: Mapping[str, Fate],
        known: Mapping[str, _Known],
        hashes: Mapping[str, bytes],
    ) -> None:
        by_fate = {
            fate: [person for person in people if fates[person.address.key] is fate]
            for fate in (Fate.ADDED, Fate.JOINED, Fate.CHANGED, Fate.LEFT)
        }
        added, joined, changed, left = by_fate.values()
        self._insert([person for person in (*added, *left) if person.address.key not in known], hashes)
        for person in (*joined, *changed):
            self._update(person, known[person.address.key])
        ids = self._identifiers([person.address.key for fate in by_fate.values() for person in fate])
        self._subscribe([ids[person.address.key] for person in (*added, *joined)])
        self._take_off([ids[person.address.key] for person in left])
        self._add_topics((*added, *joined, *changed), ids, known)

    def _insert(self, people: Sequence[Person], hashes: Mapping[str, bytes]) -> None:
        if not people:
            return
        empty: dict[str, Value] = dict.fromkeys(self.columns)
        rows = [
            {
                **empty,
                **_columns(person),
                "address": person.address.address,
                "address_key": person.address.key,
                "address_hash": hashes[person.address.key],
                "created_at": self.target.now,
                "changed_at": self.target.now,
            }
            for person in people
        ]
        self.connection.execute(sa.insert(self.people), rows)

    def _update(self, person: Person, known: _Known) -> None:
        columns = {name: value for name, value in _columns(person).items() if known.values[name] != value}
        if columns:
            self.connection.execute(
                sa.update(self.people).where(self.people.c.id == known.id).values(changed_at=self.target.now, **columns)
            )

    def _subscribe(self, subscribers: Sequence[int]) -> None:
        if not subscribers:
            return
        given = {
            "list": self.target.list,
            "status": "subscribed",
            "source": self.target.source,
            "subscribed_at": self.target.now,
        }
        rows = [{"subscriber_id": subscriber, **given} for subscriber in subscribers]
        self.connection.execute(sa.insert(_subscriptions), rows)

    def _take_off(self, subscribers: Sequence[int]) -> None:
        """Keep people as having left the list, whether they were on it or not."""
        if not subscribers:
            return
        mine = (_subscriptions.c.list == self.target.list) & _subscriptions.c.subscriber_id.in_(subscribers)
        self.connection.execute(sa.delete(_subscriptions).where(mine))
        given = {
            "list": self.target.list,
            "status": "unsubscribed",
            "source": self.target.source,
            "subscribed_at": self.target.now,
            "unsubscribed_at": self.target.now,
        }
        rows = [{"subscriber_id": subscriber, **given} for subscriber in subscribers]
        self.connection.execute(sa.insert(_subscriptions), rows)

    def _add_topics(self, people: Sequence[Person], ids: Mapping[str, int], known: Mapping[str, _Known]) -> None:
        rows: list[dict[str, Any]] = []
        for person in people:
            topics = person.values.get(TOPICS)
            before = known[person.address.key].topics if person.address.key in known else frozenset()
            if isinstance(topics, frozenset):
                rows += [
                    {"subscriber_id": ids[person.address.key], "topic": topic} for topic in sorted(topics - before)
                ]
        if rows:
            self.connection.execute(sa.insert(_topics), rows)

    def _suppressed(self, hashes: Sequence[bytes]) -> set[bytes]:
        chosen = sa.select(_suppressions.c.address_hash).where(_suppressions.c.address_hash.in_(hashes))
        return set(self.connection.scalars(chosen))

    def _identifiers(self, keys: Sequence[str]) -> dict[str, int]:
        rows = self.connection.execute(
            sa.select(self.people.c.address_key, self.people.c.id).where(self.people.c.address_key.in_(keys))
        )
        return {row.address_key: row.id for row in rows}

    def _known(self, keys: Sequence[str]) -> dict[str, _Known]:
        columns = [self.people.c[name] for name in self.columns]
        chosen = (
            sa.select(self.people.c.address_key, self.people.c.id, _subscriptions.c.status, *columns)
            .outerjoin_from(
                self.people,
                _subscriptions,
                (_subscriptions.c.subscriber_id == self.people.c.id) & (_subscriptions.c.list == self.target.list),
            )
            .where(self.people.c.address_key.in_(keys))
        )
        rows = self.connection.execute(chosen).all()
        topics: dict[int, set[str]] = {}
        for subscriber, topic in self.connection.execute(
            sa.select(_topics.c.subscriber_id, _topics.c.topic).where(
                _topics.c.subscriber_id.in_([row.id for row in rows])
            )
        ):
            topics.setdefault(subscriber, set()).add(topic)
        return {
            key: _Known(id_, dict(zip(self.columns, values, strict=True)), frozenset(topics.get(id_, ())), status)
            for key, id_, status, *values in rows
        }


def _columns(person: Person) -> dict[str, Value]:
    return {column_of(name): value for name, value in person.values.items() if name != TOPICS}


def _chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
