"""What hangs on a person needs that person, stays with them, and goes with them, on either database."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import Database, tables

AT = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
PATIENCE = 20
ROWS: dict[str, dict[str, Any]] = {
    "subscriptions": {"list": "leden", "status": "subscribed", "source": "test", "subscribed_at": AT},
    "subscriber_topics": {"topic": "jeugd"},
    "subscriber_tags": {"tag": "pers"},
    "consents": {"at": AT, "act": "joined", "method": "page"},
    "changed_people": {"change_id": 1, "fate": "changed"},
}
NOBODY = "FOREIGN KEY|there is no such person"
STAYS = "FOREIGN KEY|stays with them|never changed"
hanging = pytest.mark.parametrize("name", ROWS)


@pytest.fixture(autouse=True)
def _people(database: Database) -> None:
    with database.writing() as connection:
        for number in (1, 2, 3):
            values = {"address": f"r{number}@example.org", "address_hash": bytes([number]) * 32, "id": number}
            moments = {"created_at": AT, "changed_at": AT}
            connection.execute(sa.insert(tables.subscribers).values(address_key=values["address"], **values, **moments))
        change = {"id": 1, "at": AT, "by": "test", "action": "edit"}
        connection.execute(sa.insert(tables.changes).values(change))


def put(connection: sa.Connection, name: str, *people: int) -> None:
    rows = [{"subscriber_id": person, **ROWS[name]} for person in people]
    connection.execute(sa.insert(tables.metadata.tables[name]).values(rows))


def people_of(database: Database, name: str) -> list[int]:
    table = tables.metadata.tables[name]
    with database.reading() as connection:
        return list(connection.scalars(sa.select(table.c.subscriber_id).order_by(table.c.subscriber_id)))


@hanging
def test_nothing_hangs_on_somebody_who_is_not_there(database: Database, name: str) -> None:
    with pytest.raises(StoreError, match=NOBODY), database.writing() as connection:
        put(connection, name, 1, 4, 2)
    assert people_of(database, name) == []


@hanging
def test_nothing_is_moved_to_somebody_who_is_not_there(database: Database, name: str) -> None:
    table = tables.metadata.tables[name]
    with database.writing() as connection:
        put(connection, name, 1)
    with pytest.raises(StoreError, match=STAYS), database.writing() as connection:
        connection.execute(sa.update(table).values(subscriber_id=4))
    assert people_of(database, name) == [1]


@hanging
def test_what_hangs_on_people_goes_with_them(database: Database, name: str) -> None:
    with database.writing() as connection:
        put(connection, name, 1, 2, 3)
    with database.writing() as connection:
        connection.execute(sa.delete(tables.subscribers).where(tables.subscribers.c.id.in_([1, 3])))
    assert people_of(database, name) == [2]


def test_people_keep_their_number(database: Database) -> None:
    with database.writing() as connection:
        put(connection, "subscriptions", 1)
    with pytest.raises(StoreError, match=STAYS), database.writing() as connection:
        connection.execute(sa.update(tables.subscribers).where(tables.subscribers.c.id == 1).values(id=9))


@hanging
@pytest.mark.parametrize("is_first", [True, False])
def test_nothing_is_left_of_somebody_who_goes_while_it_is_written(
    database: Database, name: str, *, is_first: bool
) -> None:
    begun = threading.Event()

    def write() -> None:
        with database.writing() as connection:
            begun.set()
            put(connection, name, 1)

    def take_out(connection: sa.Connection) -> None:
        connection.execute(sa.delete(tables.subscribers).where(tables.subscribers.c.id == 1))

    def take_out_too() -> None:
        with database.writing() as connection:
            begun.set()
            take_out(connection)

    caught: list[BaseException] = []

    def run() -> None:
        try:
            take_out_too() if is_first else write()
        except StoreError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    with database.writing() as connection:
        if is_first:
            put(connection, name, 1)
        else:
            take_out(connection)
        thread.start()
        # On SQLite the other waits before it has begun: there is one writer at a time.
        begun.wait(0.3)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(caught) == (0 if is_first else 1)
    assert people_of(database, name) == []
