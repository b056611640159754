"""How soon a segment of a million readers is counted, and its first page shown, by conditions of three attributes."""

import time
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.databases import ABSENT, databases, opened
from benchmarks.figures import Figure, at_most, missing
from benchmarks.samples import workspace
from newsletter.audience import Query, Standing, count, page
from newsletter.clock import now
from newsletter.expressions import parse
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions, read_definitions, synchronise_attributes
from newsletter.subscribers.attributes import people_table

READERS: Final = 1_000_000
COUNTED: Final = 0.3
SHOWN: Final = 0.1
"""How many seconds a count and a page of fifty may take."""
ROUNDS: Final = 5
CONDITIONS: Final = {
    "few": "subscriber.region == 'Noord' and subscriber.role == 'adviseur' and subscriber.member_since >= '2015-01-01'",
    "some": "subscriber.region == 'Noord' and subscriber.role in ['adviseur', 'bestuurder'] "
    "and subscriber.member_since >= '2012-01-01'",
    "most": "subscriber.region != 'Noord' and subscriber.role != 'adviseur' "
    "and subscriber.member_since >= '2011-01-01'",
}


def run() -> Iterator[Figure]:
    """Measure on each database."""
    with workspace() as made, databases() as known:
        definitions = read_definitions(made)
        for name, new in known.items():
            if new is None:
                yield missing(name, ABSENT)
                continue
            with opened(new(), made.root) as database:
                synchronise_attributes(database, definitions)
                fill(database, definitions, READERS)
                yield from _measure(name, database, definitions)


def _measure(name: str, database: Database, definitions: Definitions) -> Iterator[Figure]:
    moment = now()
    for label, condition in CONDITIONS.items():
        query = Query("leden", Standing.RECEIVING, parse(condition, definitions.segment_schema()))
        with database.snapshot() as connection:
            found = count(connection, query, definitions, moment)
            counted = _best(lambda query=query: count(connection, query, definitions, moment))
            shown = _best(lambda query=query: page(connection, query, definitions, moment))
        what = f"{name}, {label}: {found:,} of {READERS:,}"
        yield Figure(f"{what}, counted", f"{counted * 1000:.0f} ms", bar=at_most(counted * 1000, COUNTED * 1000, "ms"))
        yield Figure(f"{what}, first 50", f"{shown * 1000:.0f} ms", bar=at_most(shown * 1000, SHOWN * 1000, "ms"))


def _best(work: Any) -> float:
    """Give the median of several rounds, in seconds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[ROUNDS // 2]


def fill(database: Database, definitions: Definitions, count: int) -> None:
    """Put people with attributes on a list, by the database itself; two in a hundred left, one is suppressed."""
    people = people_table(definitions)
    first = sa.select(sa.literal(1).label("number")).cte("numbers", recursive=True)
    numbers = first.union_all(sa.select(first.c.number + 1).where(first.c.number < count))
    number = numbers.c.number
    address = "lezer" + sa.cast(number, sa.Text) + "@example.org"
    hashed = sa.cast("0" * 22 + sa.cast(number + 10**9, sa.Text), sa.LargeBinary)
    moment = sa.literal(now(), tables.subscribers.c.created_at.type)
    regions = definitions.attributes["region"].choices
    roles = definitions.attributes["role"].choices
    person = {
        "id": number,
        "address": address,
        "address_key": address,
        "address_hash": hashed,
        "first_name": "Lezer " + sa.cast(number, sa.Text),
        "created_at": moment,
        "changed_at": moment,
        "attribute_region": _among(number % len(regions), regions),
        "attribute_role": _among(number // len(regions) % len(roles), roles),
        "attribute_member_since": _among(number % 17, [date(2008 + year, 1, 1) for year in range(17)]),
    }
    has_left = number % 50 == 0
    subscription = {
        "subscriber_id": number,
        "list": sa.literal("leden"),
        "status": sa.case((has_left, "unsubscribed"), else_="subscribed"),
        "source": sa.literal("benchmark"),
        "subscribed_at": moment,
        "unsubscribed_at": sa.case((has_left, moment), else_=sa.null()),
    }
    suppression = {"address_hash": hashed, "reason": sa.literal("bounced"), "created_at": moment}
    with database.writing() as connection:
        for table, row, chosen in (
            (people, person, sa.true()),
            (tables.subscriptions, subscription, sa.true()),
            (tables.suppressions, suppression, number % 100 == 7),
        ):
            connection.execute(sa.insert(table).from_select(list(row), sa.select(*row.values()).where(chosen)))
    with database.connected() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        # A server's own launcher does the same within a minute of so many new rows.
        connection.exec_driver_sql("ANALYZE" if database.is_sqlite else "VACUUM (ANALYZE)")


def _among(place: sa.ColumnElement[int], values: Any) -> sa.ColumnElement[Any]:
    return sa.case(*((place == number, value) for number, value in enumerate(values[:-1])), else_=values[-1])
