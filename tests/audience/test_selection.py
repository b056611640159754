"""Who gets a dispatch, who does not and why; segments mean the same in SQL as in Python."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection, departed, selected
from newsletter.errors import ContentError
from newsletter.expressions import parse, predicate
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Definitions,
    SegmentDefinition,
    add,
    parse_address,
    read_records,
    remove,
    unsubscribe,
)
from newsletter.tokens import Signer

PEOPLE = {
    "zoe": {"region": "Noord", "role": "adviseur", "topics": frozenset({"jeugd"})},
    "mo": {"region": "Zuid", "role": "bestuurder"},
    "kim": {"first_name": "Kim", "topics": frozenset({"bestuur", "jeugd"})},
    "bo": {},
}


@pytest.fixture
def peopled(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> Database:
    with database.writing() as connection:
        for name, values in PEOPLE.items():
            add(
                connection,
                parse_address(f"{name}@example.org"),
                "leden",
                values,
                definitions,
                source="test",
                now=now,
                hashes=signer.address_hashes,
            )
    return database


def names(database: Database, selection: Selection, definitions: Definitions) -> dict[str, str | None]:
    with database.reading() as connection:
        rows = connection.execute(selected(selection, definitions)).all()
        records = read_records(connection, [row.subscriber_id for row in rows], definitions)
    return {records[row.subscriber_id].address.partition("@")[0]: row.exclusion for row in rows}


def test_everybody_on_the_list_is_selected_and_some_are_left_out(
    peopled: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    with peopled.writing() as connection:
        unsubscribe(connection, parse_address("mo@example.org"), None, now)
        hashed = signer.hash_address("kim@example.org")
        connection.execute(sa.insert(tables.suppressions).values(address_hash=hashed, reason="x", created_at=now))
    assert names(peopled, Selection("leden"), definitions) == {
        "zoe": None,
        "mo": "unsubscribed",
        "kim": "suppressed",
        "bo": None,
    }


@pytest.mark.parametrize(
    "condition",
    [
        "subscriber.region == 'Noord'",
        "subscriber.region != 'Noord'",
        "not subscriber.region == 'Noord'",
        "subscriber.role in ['adviseur', 'bestuurder'] or 'bestuur' in subscriber.topics",
        "subscriber.first_name and 'jeugd' in subscriber.topics",
        "subscriber.role is none",
        "not subscriber.topics",
        "subscriber.email < 'kz'",
    ],
)
def test_segment_selects_those_for_whom_its_condition_holds(
    peopled: Database, definitions: Definitions, condition: str
) -> None:
    where = parse(condition, definitions.schema())
    segmented = Definitions(
        definitions.lists,
        {"some": SegmentDefinition("some", "Some", where)},
        definitions.attributes,
        definitions.topics,
        {},
    )
    with peopled.reading() as connection:
        everybody = list(connection.scalars(sa.select(tables.subscribers.c.id)))
        records = read_records(connection, everybody, definitions).values()
    decide = predicate(where)
    expected = {record.address.partition("@")[0] for record in records if decide(record.values)}
    assert names(peopled, Selection("leden", "some"), segmented).keys() == expected


def test_those_who_left_meanwhile_are_found(
    peopled: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    with peopled.reading() as connection:
        numbers = {
            address.partition("@")[0]: number
            for number, address in connection.execute(sa.select(tables.subscribers.c.id, tables.subscribers.c.address))
        }
    with peopled.writing() as connection:
        unsubscribe(connection, parse_address("mo@example.org"), "leden", now)
        remove(connection, parse_address("kim@example.org"), now, signer.address_hashes, suppress=False)
        hashed = signer.hash_address("bo@example.org")
        connection.execute(sa.insert(tables.suppressions).values(address_hash=hashed, reason="x", created_at=now))
    with peopled.reading() as connection:
        gone = departed(connection, list(numbers.values()), "leden")
    assert {name: gone.get(number) for name, number in numbers.items()} == {
        "zoe": None,
        "mo": "unsubscribed",
        "kim": "unsubscribed",
        "bo": "suppressed",
    }


def test_list_and_segment_that_do_not_exist_are_named(definitions: Definitions) -> None:
    with pytest.raises(ContentError, match="no list called 'lden'") as raised:
        selected(Selection("lden"), definitions)
    assert "leden" in raised.value.remedy
    with pytest.raises(ContentError, match="no segment called 'nord'"):
        selected(Selection("leden", "nord"), definitions)
