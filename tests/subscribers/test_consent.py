"""The consent ledger keeps what it is told, and nobody changes it afterwards."""

from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Act,
    Consent,
    Definitions,
    Method,
    add,
    history,
    keep_text,
    parse_address,
    record,
    remove,
)
from newsletter.tokens import Signer


@pytest.fixture
def person(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> int:
    with database.writing() as connection:
        return add(
            connection,
            parse_address("jan@example.org"),
            "leden",
            {},
            definitions,
            source="op de studiedag",
            now=now,
            hashes=signer.address_hashes,
        )


def test_everything_that_is_recorded_is_read_back_with_the_words_that_were_shown(
    database: Database, person: int, now: datetime
) -> None:
    consent = Consent(
        now,
        Act.JOINED,
        Method.CONFIRMED,
        list="leden",
        topics=("bestuur", "jeugd"),
        language="nl",
        basis="eigen verzoek",
        source="het formulier",
        requested_at=now,
        network="192.0.2.0",
        by="j.devries",
        detail="x",
    )
    with database.writing() as connection:
        text = keep_text(connection, "Ja, stuur mij de nieuwsbrief.", "nl", now)
        assert keep_text(connection, "Ja, stuur mij de nieuwsbrief.", "nl", now) == text
        assert keep_text(connection, "Ja, stuur mij de nieuwsbrief.", "en", now) != text
        record(connection, [person], replace(consent, text=text))
    with database.reading() as connection:
        added, joined = history(connection, person)
    assert (added.act, added.method, added.source) == (Act.ADDED, Method.STAFF, "op de studiedag")
    assert joined == replace(consent, text="Ja, stuur mij de nieuwsbrief.")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consents SET act = 'joined'",
        "UPDATE consents SET subscriber_id = subscriber_id",
        "UPDATE consents SET network = '192.0.2.1'",
        "DELETE FROM consents",
        "UPDATE consent_texts SET text = 'iets anders'",
    ],
)
def test_the_database_refuses_to_change_consent(database: Database, person: int, now: datetime, statement: str) -> None:
    with database.writing() as connection:
        keep_text(connection, "Ja.", "nl", now)
    with pytest.raises(StoreError, match="never changed"), database.writing() as connection:
        connection.execute(sa.text(statement))


def test_where_it_came_from_can_be_forgotten(database: Database, person: int, now: datetime) -> None:
    with database.writing() as connection:
        record(connection, [person], Consent(now, Act.CHOSE, Method.PAGE, network="192.0.2.7"))
        connection.execute(sa.update(tables.consents).values(network=None))
    with database.reading() as connection:
        assert {one.network for one in history(connection, person)} == {None}


def test_consent_goes_with_the_person(database: Database, person: int, signer: Signer, now: datetime) -> None:
    with database.writing() as connection:
        address = parse_address("jan@example.org")
        remove(connection, address, now, signer.address_hashes, suppress=False)
    with database.reading() as connection:
        assert not connection.scalar(sa.select(sa.func.count()).select_from(tables.consents))
