"""Who gets a dispatch, who does not and why; segments mean the same in SQL as in Python."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection, departed, selected
from newsletter.errors import ContentError
from newsletter.expressions import parse, predicate
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Definitions,
    FrequencyDefinition,
    SegmentDefinition,
    Texts,
    add,
    find,
    parse_address,
    read_records,
    remove,
    unsubscribe,
)
from newsletter.tokens import Signer

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
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
        rows = connection.execute(selected(selection, definitions, NOW)).all()
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
        gone = departed(connection, list(numbers.values()), "leden", now)
    assert {name: gone.get(number) for name, number in numbers.items()} == {
        "zoe": None,
        "mo": "unsubscribed",
        "kim": "unsubscribed",
        "bo": "suppressed",
    }


def test_list_and_segment_that_do_not_exist_are_named(definitions: Definitions) -> None:
    with pytest.raises(ContentError, match="no list called 'lden'") as raised:
        selected(Selection("lden"), definitions, NOW)
    assert "leden" in raised.value.remedy
    with pytest.raises(ContentError, match="no segment called 'nord'"):
        selected(Selection("leden", "nord"), definitions, NOW)


def test_who_pauses_or_wants_less_is_left_out_for_now_and_comes_back_by_itself(
    peopled: Database, definitions: Definitions
) -> None:
    monthly = FrequencyDefinition("monthly", Texts.of("Eens per maand"), 28)
    leden = replace(definitions.lists["leden"], frequencies={"monthly": monthly})
    declared = replace(definitions, lists={"leden": leden})
    with peopled.writing() as connection:
        numbers = {name: find(connection, parse_address(f"{name}@example.org")) for name in PEOPLE}
        of = tables.subscriptions.c.subscriber_id
        until = NOW + timedelta(days=10)
        change = sa.update(tables.subscriptions)
        connection.execute(change.where(of == numbers["zoe"]).values(paused_until=until))
        connection.execute(change.where(of.in_([numbers["mo"], numbers["kim"]])).values(frequency="monthly"))
        _accepted(connection, "leden", numbers["mo"], NOW - timedelta(days=27))
        _accepted(connection, "leden", numbers["bo"], NOW - timedelta(days=1))
        _accepted(connection, "anderen", numbers["kim"], NOW - timedelta(days=1))

    def excluded(moment: datetime, *, heed_frequency: bool = True) -> dict[str, str | None]:
        with peopled.reading() as connection:
            chosen = selected(Selection("leden"), declared, moment, heed_frequency=heed_frequency)
            reasons = dict(connection.execute(chosen).all())
        return {name: reasons[number] for name, number in numbers.items()}

    assert excluded(NOW) == {"zoe": "paused", "mo": "frequency", "kim": None, "bo": None}
    assert excluded(NOW, heed_frequency=False) == {"zoe": "paused", "mo": None, "kim": None, "bo": None}
    assert excluded(NOW + timedelta(days=2)) == {"zoe": "paused", "mo": None, "kim": None, "bo": None}
    assert excluded(until)["zoe"] is None
    with peopled.reading() as connection:
        everybody = [number for number in numbers.values() if number]
        assert departed(connection, everybody, "leden", NOW) == {numbers["zoe"]: "paused"}
        assert departed(connection, everybody, "leden", until) == {}


def _accepted(connection: sa.Connection, list_name: str, subscriber: int | None, at: datetime) -> None:
    """Write down that somebody has had an issue of a list."""
    identifier = f"d{subscriber}"
    connection.execute(sa.insert(tables.compiled_issues).values(content_hash=identifier, payload=b"", created_at=at))
    connection.execute(
        sa.insert(tables.dispatches).values(
            id=identifier, issue=identifier, list=list_name, provider="outbox", content_hash=identifier,
            letterhead="{}", secret=b"x" * 32, state="finished", selected=1, created_at=at, finished_at=at,
        )
    )  # fmt: skip
    connection.execute(
        sa.insert(tables.deliveries).values(
            dispatch_id=identifier, subscriber_id=subscriber, state="accepted", changed_at=at
        )
    )
