"""People see everything that is kept of them, and are forgotten when they ask; a hash keeps them from coming back."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import newsletter
from newsletter.errors import SubscriberError
from newsletter.settings import PrivacySettings
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Act,
    Address,
    Asking,
    Choices,
    Definitions,
    Dossier,
    Edit,
    ListChoice,
    Method,
    Wish,
    add,
    ask_new_address,
    ask_to_join,
    confirm,
    count_due,
    dossier,
    edit_people,
    erase,
    find,
    forget_due,
    leave,
    parse_address,
    save_preferences,
    suppression,
)
from newsletter.tokens import Signer

JAN = parse_address("Jan@Example.org")


def join(database: Database, definitions: Definitions, signer: Signer, now: datetime, network: str = "") -> int:
    """Somebody who joined by the form and confirmed it."""
    asking = Asking(now, "nl", "het formulier", text="Ja, stuur mij de nieuwsbrief.", network=network or None)
    wish = Wish(("leden",), frozenset({"jeugd"}), {"first_name": "Jan", "region": "Noord"})
    with database.writing() as connection:
        ask_to_join(connection, JAN, wish, asking, definitions, signer.address_hashes)
        number = connection.scalars(sa.select(sa.func.max(tables.confirmations.c.id))).one()
        _, subscriber = confirm(connection, number, definitions, signer.address_hashes, now + timedelta(minutes=5))
    assert subscriber is not None
    return subscriber


def everything_that_holds(database: Database, text: str) -> list[str]:
    """The tables in which a text stands anywhere."""
    with database.reading() as connection:
        names = sa.inspect(connection).get_table_names()
        return [
            name
            for name in names
            if any(
                text in str(cell).lower()
                for row in connection.execute(sa.text(f"SELECT * FROM {name}"))
                for cell in row
            )
        ]


def test_a_dossier_tells_what_was_agreed_to_in_which_words_and_when(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    subscriber = join(database, definitions, signer, now, network="192.0.2.0")
    with database.writing() as connection:
        choices = Choices(topics=frozenset({"bestuur"}), lists={"leden": ListChoice(subscribed=True, frequency=None)})
        asking = Asking(now + timedelta(days=1), "nl", "de eigen pagina")
        assert save_preferences(connection, subscriber, choices, asking, definitions, signer.address_hashes)
    with database.reading() as connection:
        found = dossier(connection, subscriber, definitions)
    assert found is not None
    document = json.loads(found.as_json())
    assert document["address"] == JAN.address
    assert document["values"] == {"first_name": "Jan", "region": "Noord"}
    assert document["topics"] == ["bestuur"]
    joined, chose = document["consents"]
    assert (joined["act"], joined["method"], joined["list"]) == ("joined", "a form, confirmed by mail", "leden")
    assert (joined["text"], joined["language"]) == ("Ja, stuur mij de nieuwsbrief.", "nl")
    assert (joined["requested_at"], joined["network"]) == (now.isoformat(), "192.0.2.0")
    assert joined["at"] == (now + timedelta(minutes=5)).isoformat()
    assert (chose["act"], chose["topics"]) == ("chose", ["bestuur"])


def test_nothing_is_left_of_somebody_who_is_erased_but_a_hash_that_no_later_adding_gets_past(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    subscriber = join(database, definitions, signer, now)
    asking = Asking(now, "nl", "het formulier")
    with database.writing() as connection:
        connection.execute(sa.update(tables.confirmations).values(confirmed_at=now))
        ask_to_join(connection, JAN, Wish(("leden",)), asking, definitions, signer.address_hashes)
        assert erase(connection, subscriber, now)
        assert not erase(connection, subscriber, now)
    assert everything_that_holds(database, "jan") == []
    with pytest.raises(SubscriberError, match="erased"), database.writing() as connection:
        add(connection, JAN, "leden", {}, definitions, source="lijst", now=now, hashes=signer.address_hashes)
    join(database, definitions, signer, now + timedelta(days=2))
    with database.reading() as connection:
        assert suppression(connection, signer.address_hashes(JAN.key)) is None


def test_retention_forgets_what_is_due_and_counts_it_beforehand(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    settings = PrivacySettings(networks="full", keep_networks_days=10, keep_left_days=100)
    subscriber = join(database, definitions, signer, now, network="192.0.2.7")
    other = parse_address("piet@example.org")
    with database.writing() as connection:
        asking = Asking(now, "nl", "het formulier")
        ask_to_join(connection, other, Wish(("leden",)), asking, definitions, signer.address_hashes)
        leave(connection, subscriber, "leden", Method.PAGE, now + timedelta(days=20))

    def due(days: int) -> dict[str, int]:
        with database.reading() as connection:
            return {
                name: count
                for name, count in count_due(connection, settings, now + timedelta(days=days)).items()
                if count
            }

    assert due(1) == {}
    assert due(11) == {"confirmations": 2, "networks": 1}
    assert forget_due(database, settings, now + timedelta(days=11))["networks"] == 1
    assert everything_that_holds(database, "piet") == []
    assert everything_that_holds(database, "192.0.2.7") == []
    assert due(119) == {}
    assert due(121) == {"left": 1}
    assert forget_due(database, settings, now + timedelta(days=121))["left"] == 1
    assert everything_that_holds(database, "jan") == []
    with database.reading() as connection:
        assert suppression(connection, signer.address_hashes(JAN.key)) == "unsubscribed"
        assert find(connection, JAN) is None
    assert due(121) == {}


def test_who_is_still_on_a_list_is_never_forgotten(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    subscriber = join(database, definitions, signer, now)
    forget_due(database, PrivacySettings(keep_left_days=1), now + timedelta(days=4000))
    with database.reading() as connection:
        found = dossier(connection, subscriber, definitions)
    assert found is not None
    assert [one.act for one in found.consents] == [Act.JOINED]
    assert Address(found.address, JAN.key) == JAN


@pytest.mark.parametrize("place", ["web/pages/data.html.j2", "cli/subscribers/rights.py"])
def test_everything_in_a_dossier_is_shown_to_people_too(place: str) -> None:
    shown = (Path(newsletter.__file__).parent / place).read_text(encoding="utf-8")
    assert {name for name in Dossier.__dataclass_fields__ if f"found.{name}" not in shown} <= {"number", "changed_at"}


def test_a_dossier_has_what_waits_to_be_confirmed_and_what_was_kept_before(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    subscriber = join(database, definitions, signer, now)
    edit_people(database, [subscriber], Edit({"region": "Zuid"}), definitions, by="staff", now=now + timedelta(days=1))
    with database.writing() as connection:
        asking = Asking(now + timedelta(days=1), "nl", "de eigen pagina")
        elsewhere = parse_address("elders@example.net")
        ask_new_address(connection, subscriber, elsewhere, asking, signer.address_hashes)
        found = dossier(connection, subscriber, definitions)
    assert found is not None
    document = json.loads(found.as_json())
    assert "elders@example.net" in [one["address"] for one in document["waiting"]]
    assert document["earlier"][0]["before"]["values"]["attribute_region"] == "Noord"
