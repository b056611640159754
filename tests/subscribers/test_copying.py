"""People of one list are copied to a database of their own, from either kind, and nobody else with them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.expressions import Type
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import (
    AttributeDefinition,
    Definitions,
    Texts,
    add,
    copy_people,
    parse_address,
    read_records,
    synchronise_attributes,
    unsubscribe,
)
from newsletter.tokens import Signer

ATTRIBUTES = {
    name: AttributeDefinition(name, Texts.of(name), kind, ())
    for name, kind in (("born", Type.DATE), ("points", Type.NUMBER), ("member", Type.BOOLEAN), ("town", Type.TEXT))
}


@pytest.fixture
def declared(definitions: Definitions) -> Definitions:
    return replace(definitions, attributes={**definitions.attributes, **ATTRIBUTES})


@pytest.fixture
def target(tmp_path: Path, declared: Definitions) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/copy.db", tmp_path)
    synchronise_attributes(opened, declared)
    yield opened
    opened.close()


def people(database: Database, declared: Definitions, signer: Signer, now: datetime, count: int) -> None:
    synchronise_attributes(database, declared)
    topic = next(iter(declared.topics))
    with database.writing() as connection:
        for number in range(count):
            to = "leden" if number % 3 else "pers"
            values = {"born": date(1980, 1, 1 + number % 28), "points": number / 2, "member": bool(number % 2)}
            address = parse_address(f"reader{number}@example.org")
            add(
                connection,
                address,
                to,
                {**values, "topics": frozenset({topic})},
                declared,
                source="test",
                now=now,
                hashes=signer.address_hashes,
            )
        unsubscribe(connection, parse_address("reader1@example.org"), "leden", now)
        connection.execute(
            sa.insert(tables.suppressions).values(address_hash=b"h" * 32, reason="removed", created_at=now)
        )


def rows(database: Database, table: sa.Table) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]


def test_copy_is_equal_for_the_list_and_holds_nobody_else(
    database: Database, target: Database, declared: Definitions, signer: Signer, now: datetime
) -> None:
    people(database, declared, signer, now, 30)
    told: list[int] = []
    assert copy_people(database, target, "leden", declared, told.append) == sum(told) == 20
    chosen = [row for row in rows(database, tables.subscriptions) if row[1] == "leden"]
    assert rows(target, tables.subscriptions) == chosen
    numbers = [row[0] for row in chosen]
    with database.reading() as before, target.reading() as after:
        expected = read_records(before, numbers, declared)
        assert len(expected) == 20
        assert read_records(after, numbers, declared) == expected
    assert [row[0] for row in rows(target, tables.subscribers)] == numbers
    assert rows(target, tables.suppressions) == rows(database, tables.suppressions) != []


def test_only_the_first_are_copied_where_that_is_wanted(
    database: Database, target: Database, declared: Definitions, signer: Signer, now: datetime
) -> None:
    people(database, declared, signer, now, 30)
    assert copy_people(database, target, "leden", declared, lambda _: None, limit=5) == 5
    chosen = [row for row in rows(database, tables.subscriptions) if row[1] == "leden"]
    assert rows(target, tables.subscriptions) == chosen[:5]


def test_more_people_than_one_chunk_are_all_copied(
    database: Database,
    target: Database,
    declared: Definitions,
    signer: Signer,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("newsletter.subscribers.copying.CHUNK", 3)
    people(database, declared, signer, now, 30)
    told: list[int] = []
    assert copy_people(database, target, "leden", declared, told.append, limit=10) == 10
    assert told == [3, 3, 3, 1]
    assert len(rows(target, tables.subscriber_topics)) == 10


def test_attribute_that_the_source_does_not_know_yet_stays_empty(
    database: Database, target: Database, definitions: Definitions, declared: Definitions, signer: Signer, now: datetime
) -> None:
    with database.writing() as connection:
        address = parse_address("a@example.org")
        number = add(
            connection, address, "leden", {}, definitions, source="test", now=now, hashes=signer.address_hashes
        )
    copy_people(database, target, "leden", declared, lambda _: None)
    with target.reading() as connection:
        record = read_records(connection, [number], declared)[number]
    assert {record.values[name] for name in ATTRIBUTES} == {None}
