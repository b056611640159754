"""Asking makes nobody a subscriber, confirming does; what somebody asks for tells nothing about them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.subscribers import (
    Act,
    Answer,
    Asking,
    Choices,
    Definitions,
    Kind,
    ListChoice,
    Method,
    Wish,
    add,
    ask_new_address,
    ask_to_join,
    confirm,
    dossier,
    find,
    leave,
    merge,
    parse_address,
    read_confirmation,
    read_preferences,
    save_preferences,
    suppression,
    take_back,
)
from newsletter.tokens import Signer

JAN = parse_address("jan@example.org")
NEW = parse_address("j.devries@example.net")
WORDS = "Ja, stuur mij de nieuwsbrief."


class People:
    """What people do, with a clock that they move."""

    def __init__(self, database: Database, definitions: Definitions, signer: Signer, now: datetime) -> None:
        self.database, self.definitions, self.now = database, definitions, now
        self.hashes = signer.address_hashes

    def asking(self) -> Asking:
        return Asking(self.now, "nl", "het formulier", text=WORDS)

    def ask(self, wish: Wish | None = None) -> int | None:
        """Ask to join, and give what is to be confirmed, if anything new is."""
        chosen = sa.select(sa.func.max(tables.confirmations.c.id))
        with self.database.writing() as connection:
            before = connection.scalar(chosen)
            wanted = wish or Wish(("leden",))
            ask_to_join(connection, JAN, wanted, self.asking(), self.definitions, self.hashes)
            after = connection.scalar(chosen)
        return after if after != before else None

    def confirm(self, number: int | None) -> tuple[Answer, int | None]:
        assert number is not None
        with self.database.writing() as connection:
            return confirm(connection, number, self.definitions, self.hashes, self.now)

    def number(self) -> int | None:
        with self.database.reading() as connection:
            return find(connection, JAN)

    def status(self) -> str | None:
        with self.database.reading() as connection:
            return connection.scalar(sa.select(tables.subscriptions.c.status))


@pytest.fixture
def people(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> People:
    return People(database, definitions, signer, now)


def test_asking_makes_nobody_a_subscriber_and_confirming_does(people: People) -> None:
    wish = Wish(("leden",), frozenset({"jeugd"}), {"first_name": "Jan", "region": "Noord"})
    number = people.ask(wish)
    assert people.number() is None
    with people.database.reading() as connection:
        waiting = read_confirmation(connection, number or 0, people.definitions)
    assert waiting is not None
    assert (waiting.kind, waiting.lists, waiting.confirmed_at) == (Kind.JOIN, ("leden",), None)
    people.now += timedelta(hours=3)
    answer, subscriber = people.confirm(number)
    assert answer is Answer.DONE
    assert people.confirm(number) == (Answer.ALREADY, subscriber)
    with people.database.reading() as connection:
        kept = dossier(connection, subscriber or 0, people.definitions)
    assert kept is not None
    assert (kept.values, kept.topics) == ({"first_name": "Jan", "region": "Noord"}, ("jeugd",))
    assert [(one.act, one.method, one.text) for one in kept.consents] == [(Act.JOINED, Method.CONFIRMED, WORDS)]


def test_a_confirmation_lapses(people: People) -> None:
    number = people.ask()
    people.now += timedelta(days=7)
    assert people.confirm(number) == (Answer.EXPIRED, None)
    assert people.confirm(4711) == (Answer.EXPIRED, None)
    assert people.number() is None


def test_nobody_is_mailed_twice_a_day_however_often_it_is_asked(people: People) -> None:
    first = people.ask()
    assert people.ask() is None
    people.now += timedelta(hours=23)
    assert people.ask() is None
    people.now += timedelta(hours=2)
    assert people.ask() not in (None, first)


def test_a_list_with_a_single_opt_in_is_joined_at_once_by_strangers_only(people: People) -> None:
    single = replace(people.definitions.lists["leden"], is_double=False)
    people.definitions = replace(people.definitions, lists={"leden": single})
    assert people.ask() is None
    assert people.status() == "subscribed"
    number = people.number() or 0
    with people.database.writing() as connection:
        leave(connection, number, "leden", Method.ONE_CLICK, people.now)
    # Anybody may type an address: who has left comes back by their own mailbox only.
    waiting = people.ask()
    assert people.status() == "unsubscribed"
    people.confirm(waiting)
    assert people.status() == "subscribed"


def test_who_was_suppressed_comes_back_by_confirming(people: People) -> None:
    with people.database.writing() as connection:
        row = {"address_hash": people.hashes(JAN.key)[0], "reason": "complained", "created_at": people.now}
        connection.execute(sa.insert(tables.suppressions).values(row))
    number = people.ask()
    with people.database.reading() as connection:
        assert suppression(connection, people.hashes(JAN.key)) == "complained"
    people.confirm(number)
    with people.database.reading() as connection:
        assert suppression(connection, people.hashes(JAN.key)) is None


def test_a_leave_can_be_taken_back_for_an_hour_but_not_what_staff_or_a_report_did(people: People) -> None:
    _, number = people.confirm(people.ask())
    assert number is not None
    for method, minutes, comes_back in (
        (Method.ONE_CLICK, 59, True),
        (Method.PAGE, 61, False),
        (Method.STAFF, 1, False),
        (Method.REPORT, 1, False),
    ):
        with people.database.writing() as connection:
            back = sa.update(tables.subscriptions).values(status="subscribed", unsubscribed_at=None)
            connection.execute(back)
            people.now += timedelta(days=1)
            leave(connection, number, "leden", method, people.now)
            later = people.now + timedelta(minutes=minutes)
            assert take_back(connection, number, "leden", later) == comes_back
            assert take_back(connection, number, "leden", later) == comes_back
        assert people.status() == ("subscribed" if comes_back else "unsubscribed")


def test_preferences_are_kept_each_with_its_act(people: People) -> None:
    _, number = people.confirm(people.ask())
    assert number is not None
    until = people.now + timedelta(days=30)
    editable = replace(people.definitions.attributes["region"], is_editable=True)
    people.definitions = replace(people.definitions, attributes={**people.definitions.attributes, "region": editable})
    choices = Choices(
        values={"first_name": "Jan", "region": "Oost", "role": "bestuurder"},
        topics=frozenset({"bestuur"}),
        lists={"leden": ListChoice(subscribed=True, paused_until=until)},
        tracking=True,
        texts={"": "Meet wat ik lees."},
    )
    people.now += timedelta(hours=1)
    with people.database.writing() as connection:
        save = (connection, number, choices, people.asking(), people.definitions, people.hashes)
        assert save_preferences(*save)
        assert not save_preferences(*save)
        kept = read_preferences(connection, number, people.definitions)
        told = dossier(connection, number, people.definitions)
    assert kept is not None
    assert told is not None
    assert {name: kept.values[name] for name in ("first_name", "region")} == {"first_name": "Jan", "region": "Oost"}
    assert "role" not in kept.values
    assert (kept.topics, kept.lists["leden"].paused_until, kept.tracking) == ({"bestuur"}, until, people.now)
    acts = [one.act for one in told.consents[1:]]
    assert acts == [Act.CORRECTED, Act.CHOSE, Act.TRACKING_ALLOWED, Act.CHOSE]
    assert told.consents[3].text == "Meet wat ik lees."
    with people.database.writing() as connection:
        gone = Choices(lists={"leden": ListChoice(subscribed=False)}, tracking=False)
        assert save_preferences(connection, number, gone, people.asking(), people.definitions, people.hashes)
    assert people.status() == "unsubscribed"


def test_a_new_address_holds_once_it_has_confirmed_and_the_old_one_is_told(people: People) -> None:
    _, number = people.confirm(people.ask())
    assert number is not None
    with people.database.writing() as connection:
        ask_new_address(connection, number, parse_address("tikfout@example.net"), people.asking(), people.hashes)
        mistyped = connection.scalar(sa.select(sa.func.max(tables.confirmations.c.id)))
        ask_new_address(connection, number, NEW, people.asking(), people.hashes)
        asked = connection.scalar(sa.select(sa.func.max(tables.confirmations.c.id)))
    people.now += timedelta(hours=1)
    assert people.confirm(mistyped) == (Answer.EXPIRED, None)
    assert people.number() == number
    assert people.confirm(asked) == (Answer.DONE, number)
    with people.database.reading() as connection:
        assert find(connection, NEW) == number
        told = connection.execute(sa.select(tables.confirmations).where(tables.confirmations.c.kind == "moved")).one()
        kept = dossier(connection, number, people.definitions)
    assert (told.address, told.subscriber_id) == (JAN.address, number)
    assert kept is not None
    assert kept.consents[-1].act is Act.ADDRESS


def test_an_address_that_was_asked_for_today_is_asked_no_second_time_and_holds_again(people: People) -> None:
    _, number = people.confirm(people.ask())
    assert number is not None
    with people.database.writing() as connection:
        for address in (NEW, NEW, parse_address("anders@example.net"), NEW):
            ask_new_address(connection, number, address, people.asking(), people.hashes)
        chosen = sa.select(tables.confirmations).where(tables.confirmations.c.kind == "address")
        rows = connection.execute(chosen.order_by(tables.confirmations.c.id)).all()
    assert [row.address_key for row in rows] == [NEW.key, "anders@example.net"]
    assert people.confirm(rows[1].id) == (Answer.EXPIRED, None)
    assert people.confirm(rows[0].id) == (Answer.DONE, number)


def test_a_wish_that_is_not_valid_any_more_loses_that_part_only(people: People) -> None:
    number = people.ask(Wish(("leden",), frozenset({"jeugd"}), {"first_name": "Jan", "region": "Noord"}))
    fewer = replace(people.definitions.attributes["region"], choices=("Zuid",))
    people.definitions = replace(people.definitions, attributes={"region": fewer}, topics={})
    _, subscriber = people.confirm(number)
    with people.database.reading() as connection:
        kept = dossier(connection, subscriber or 0, people.definitions)
    assert kept is not None
    assert (kept.values, kept.topics) == ({"first_name": "Jan"}, ())


def test_two_who_become_one_keep_what_either_had_and_stay_gone_where_they_left_last(
    people: People, definitions: Definitions
) -> None:
    with people.database.writing() as connection:
        one, two = (
            add(
                connection, address, "leden", values, definitions, source="test", now=people.now, hashes=people.hashes
            )
            for address, values in (
                (JAN, {"first_name": "Jan", "topics": frozenset({"jeugd"})}),
                (NEW, {"first_name": "J.", "last_name": "de Vries", "topics": frozenset({"bestuur"})}),
            )
        )  # fmt: skip
        leave(connection, two, "leden", Method.ONE_CLICK, people.now + timedelta(days=1))
        row = {"address_hash": people.hashes(NEW.key)[0], "reason": "complained", "created_at": people.now}
        connection.execute(sa.insert(tables.suppressions).values(row))
        merge(connection, into=one, other=two, now=people.now + timedelta(days=2), by="j.devries")
        kept = dossier(connection, one, definitions)
        assert dossier(connection, two, definitions) is None
    assert kept is not None
    assert kept.values == {"first_name": "Jan", "last_name": "de Vries"}
    assert kept.topics == ("bestuur", "jeugd")
    assert kept.memberships[0].status == "unsubscribed"
    assert kept.suppressed is not None
    assert [one.act for one in kept.consents] == [Act.ADDED, Act.ADDED, Act.LEFT, Act.MERGED]


def test_who_asks_for_an_address_that_another_has_becomes_one_with_them(
    people: People, definitions: Definitions
) -> None:
    _, number = people.confirm(people.ask())
    with people.database.writing() as connection:
        other = add(
            connection, NEW, "leden", {"last_name": "de Vries"}, definitions, source="t", now=people.now,
            hashes=people.hashes,
        )  # fmt: skip
        ask_new_address(connection, number or 0, NEW, people.asking(), people.hashes)
        asked = connection.scalar(sa.select(sa.func.max(tables.confirmations.c.id)))
    assert people.confirm(asked) == (Answer.DONE, number)
    with people.database.reading() as connection:
        assert find(connection, NEW) == number
        assert dossier(connection, other, definitions) is None
