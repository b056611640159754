"""People are found and counted alike, however the database goes about it."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from newsletter.audience import Query, Selection, Standing, count, finding, matching, page, selected
from newsletter.audience.finding import FEW
from newsletter.errors import ExpressionError
from newsletter.expressions import parse
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions, add, parse_address
from newsletter.tokens import Signer

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
CONDITIONS = (
    None,
    "subscriber.region == 'Noord'",
    "subscriber.region != 'Noord' and subscriber.member_since >= '2020-01-01'",
    "'jeugd' in subscriber.topics or 'pers' in subscriber.tags",
    "subscriber.joined >= '2024-02-20'",
    "subscriber.accepted_of_3 == 0",
)


@pytest.fixture(params=[True, False], ids=["everybody on the list", "some on no list"])
def peopled(request: pytest.FixtureRequest, database: Database, definitions: Definitions, signer: Signer) -> Database:
    """Forty people in all combinations; some of them on another list only, in one of the two."""
    with database.writing() as connection:
        for number in range(40):
            values = {
                "region": ("Noord", "Oost", None)[number % 3],
                "member_since": None if number % 4 == 0 else datetime(2018 + number % 5, 1, 1, tzinfo=UTC).date(),
                "topics": frozenset({"jeugd"} if number % 2 else ()),
                "first_name": "Zoë" if number % 7 == 0 else None,
            }
            elsewhere = number % 9 == 8 and not request.param
            added = add(
                connection,
                parse_address(f"lezer{number}@example.org"),
                "anderen" if elsewhere else "leden",
                values,
                definitions,
                source="test",
                now=NOW - timedelta(days=number % 3),
                hashes=signer.address_hashes,
            )
            if number % 11 == 1:
                connection.execute(sa.insert(tables.subscriber_tags).values(subscriber_id=added, tag="pers"))
            _burden(connection, added, number)
    return database


def _burden(connection: sa.Connection, subscriber: int, number: int) -> None:
    """Let some have left, pause, be suppressed, or several of these at once."""
    mine = tables.subscriptions.c.subscriber_id == subscriber
    change = sa.update(tables.subscriptions).where(mine)
    if number % 5 == 0:
        connection.execute(change.values(status="unsubscribed", unsubscribed_at=NOW))
    if number % 8 == 3:
        connection.execute(change.values(paused_until=NOW + timedelta(days=number - 20)))
    if number % 10 == 5 or number % 16 == 3:
        hashed = sa.select(tables.subscribers.c.address_hash).where(tables.subscribers.c.id == subscriber)
        row = {"address_hash": connection.scalar(hashed), "reason": "bounced", "created_at": NOW}
        connection.execute(sa.insert(tables.suppressions).values(row))


@pytest.mark.parametrize("few", [1, FEW])
def test_a_count_is_that_of_those_who_are_found(
    peopled: Database, definitions: Definitions, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    schema = definitions.segment_schema()
    with peopled.snapshot() as connection:
        for list_name, standing, text in product(("leden", None), (None, *Standing), CONDITIONS):
            where = parse(text, schema) if text else None
            if list_name is None and text in CONDITIONS[-2:]:
                continue
            query = Query(list_name, standing, where)
            found = connection.scalars(matching(query, definitions, NOW)).all()
            assert count(connection, query, definitions, NOW) == len(found), query
            assert len(set(found)) == len(found)
            assert list(page(connection, query, definitions, NOW, limit=100)) == sorted(found)


def test_those_who_receive_are_those_whom_a_dispatch_selects(peopled: Database, definitions: Definitions) -> None:
    with peopled.snapshot() as connection:
        chosen = connection.execute(selected(Selection("leden"), definitions, NOW)).all()
        receiving = connection.scalars(matching(Query("leden", Standing.RECEIVING), definitions, NOW)).all()
    assert sorted(receiving) == sorted(row.subscriber_id for row in chosen if row.exclusion is None)
    assert 0 < len(receiving) < len(chosen)


def test_pages_follow_each_other(peopled: Database, definitions: Definitions) -> None:
    query = Query("leden", Standing.SUBSCRIBED)
    found: list[int] = []
    with peopled.snapshot() as connection:
        while part := page(connection, query, definitions, NOW, after=found[-1] if found else 0, limit=7):
            found += part
        assert found == sorted(connection.scalars(matching(query, definitions, NOW)))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("lezer1@", [2]), ("LEZER3@EXAMPLE", [4]), ("zo", [1, 8, 15, 22, 29, 36]), ("%", []), ("_", []), ("'", [])],
)
def test_a_part_of_an_address_or_a_name_finds_them(
    peopled: Database, definitions: Definitions, text: str, numbers: list[int]
) -> None:
    with peopled.snapshot() as connection:
        assert list(page(connection, Query(text=text), definitions, NOW)) == numbers


def test_what_depends_on_a_list_cannot_be_asked_without_one(peopled: Database, definitions: Definitions) -> None:
    where = parse("subscriber.joined >= '2024-01-01'", definitions.segment_schema())
    with peopled.snapshot() as connection, pytest.raises(ExpressionError, match="depends on a list"):
        count(connection, Query(where=where), definitions, NOW)


def test_messages_may_not_ask_what_only_staff_know(definitions: Definitions) -> None:
    for field in ("tags", "joined", "accepted_of_3"):
        with pytest.raises(ExpressionError):
            parse(f"subscriber.{field} is defined", definitions.schema())
