"""Who has left stays away whatever becomes of their row: removed, merged, moved, forgotten, erased."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from newsletter.errors import SubscriberError
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Address,
    Asking,
    Definitions,
    ListDefinition,
    Method,
    Texts,
    Wish,
    add,
    ask_to_join,
    confirm,
    erase,
    find,
    leave,
    merge,
    parse_address,
    remove,
    take_back,
)
from newsletter.tokens import Signer

JAN, NEW = parse_address("jan@example.org"), parse_address("j.devries@example.net")
LATER = timedelta(days=1)


class Desk:
    """What staff and one reader do, on two lists."""

    def __init__(self, database: Database, definitions: Definitions, signer: Signer, now: datetime) -> None:
        self.database, self.now, self.hashes = database, now, signer.address_hashes
        pers = ListDefinition("pers", Texts.of("Pers"))
        self.definitions = Definitions(
            {**definitions.lists, "pers": pers}, {}, definitions.attributes, definitions.topics, {}
        )

    def add(self, address: Address = JAN, to: str = "leden") -> int:
        self.now += LATER
        with self.database.writing() as connection:
            return add(
                connection, address, to, {}, self.definitions, source="t", now=self.now, hashes=self.hashes
            )  # fmt: skip

    def join(self, to: str, address: Address = JAN) -> int:
        self.now += LATER
        with self.database.writing() as connection:
            asking = Asking(self.now, "nl", "het formulier")
            ask_to_join(connection, address, Wish((to,)), asking, self.definitions, self.hashes)
            number = connection.scalars(sa.select(sa.func.max(tables.confirmations.c.id))).one()
            subscriber = confirm(connection, number, self.definitions, self.hashes, self.now)[1]
        assert subscriber is not None
        return subscriber

    def leave(self, number: int, list_name: str = "leden") -> None:
        self.now += LATER
        with self.database.writing() as connection:
            leave(connection, number, list_name, Method.ONE_CLICK, self.now)

    def mail(self, number: int) -> None:
        """Let somebody have a message of ours."""
        with self.database.writing() as connection:
            row = {"content_hash": "x", "payload": b"", "created_at": self.now}
            connection.execute(sa.insert(tables.compiled_issues).values(row))
            connection.execute(
                sa.insert(tables.dispatches).values(
                    id="d", issue="i", list="leden", provider="smtp", content_hash="x", letterhead="{}",
                    secret=b"x" * 32, state="finished", selected=1, created_at=self.now, finished_at=self.now,
                )
            )  # fmt: skip
            delivery = {"dispatch_id": "d", "subscriber_id": number, "state": "accepted", "changed_at": self.now}
            connection.execute(sa.insert(tables.deliveries).values(delivery))

    def assert_closed(self, address: Address = JAN, to: str = "leden") -> None:
        """Nobody but the person puts the address on the list."""
        with pytest.raises(SubscriberError, match=r"unsubscribed from|may not be mailed"):
            self.add(address, to)


@pytest.fixture
def desk(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> Desk:
    return Desk(database, definitions, signer, now)


def test_a_list_that_was_left_stays_closed_after_erasure_and_joining_another(desk: Desk) -> None:
    number = desk.add()
    desk.leave(number)
    with desk.database.writing() as connection:
        erase(connection, number, desk.now)
    desk.join("pers")
    desk.assert_closed()
    desk.join("leden")
    desk.add()


def test_an_address_that_was_merged_away_is_not_added_again(desk: Desk) -> None:
    staying, going = desk.add(), desk.add(NEW)
    desk.leave(going)
    with desk.database.writing() as connection:
        merge(connection, into=staying, other=going, now=desk.now, by="staff")
    desk.assert_closed(NEW)
    desk.assert_closed(JAN)


def test_what_is_said_about_a_message_of_before_a_merge_counts_for_who_is_left(desk: Desk) -> None:
    staying, going = desk.add(), desk.add(NEW)
    desk.mail(going)
    with desk.database.writing() as connection:
        merge(connection, into=staying, other=going, now=desk.now, by="staff")
    desk.leave(going)
    with desk.database.writing() as connection:
        assert take_back(connection, going, "leden", desk.now)
    desk.leave(going)
    desk.assert_closed()


def test_who_was_removed_and_clicks_in_a_message_that_they_still_have_is_not_added_again(desk: Desk) -> None:
    number = desk.add()
    desk.mail(number)
    with desk.database.writing() as connection:
        remove(connection, JAN, desk.now, desk.hashes, suppress=False)
    desk.leave(number)
    desk.assert_closed()


def test_who_was_removed_and_added_anew_is_taken_off_by_an_old_message(desk: Desk) -> None:
    number = desk.add()
    desk.mail(number)
    with desk.database.writing() as connection:
        remove(connection, JAN, desk.now, desk.hashes, suppress=False)
    assert desk.add() != number
    desk.leave(number)
    desk.assert_closed()


def test_a_click_for_a_list_that_they_were_never_on_cannot_be_taken_back_onto_it(desk: Desk) -> None:
    number = desk.add()
    desk.leave(number, "pers")
    with desk.database.writing() as connection:
        assert not take_back(connection, number, "pers", desk.now)
    desk.assert_closed(to="pers")


def test_nothing_is_kept_of_who_was_added_by_mistake(desk: Desk) -> None:
    desk.add()
    with desk.database.writing() as connection:
        remove(connection, JAN, desk.now, desk.hashes, suppress=False)
        for table in (tables.departures, tables.former_people, tables.suppressions):
            assert not connection.scalar(sa.select(sa.func.count()).select_from(table))
    desk.add()
    with desk.database.reading() as connection:
        assert find(connection, JAN) is not None
