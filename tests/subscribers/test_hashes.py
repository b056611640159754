"""A change of the secret key: whoever may not be mailed stays so, on both databases."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection, departed, selected
from newsletter.errors import SubscriberError
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions, add, find, parse_address, remove, renew_hashes, show
from newsletter.tokens import Signer

OLD, NEW, NEWEST = (letter * 40 for letter in (b"o", b"n", b"m"))
NAMES = ("zoe", "mo", "kim")


def put_on_list(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> None:
    with database.writing() as connection:
        for name in NAMES:
            address = parse_address(f"{name}@example.org")
            add(connection, address, "leden", {}, definitions, source="t", now=now, hashes=signer.address_hashes)


def suppress(database: Database, name: str, signer: Signer, now: datetime) -> None:
    with database.writing() as connection:
        hashed = signer.hash_address(f"{name}@example.org")
        connection.execute(sa.insert(tables.suppressions).values(address_hash=hashed, reason="bounced", created_at=now))


@pytest.mark.parametrize("secrets", [(NEW, OLD), (NEW,), (NEWEST, NEW, OLD)])
def test_audience_leaves_out_the_same_people_under_a_new_key(
    database: Database, definitions: Definitions, now: datetime, secrets: tuple[bytes, ...]
) -> None:
    before = Signer.of((OLD,))
    put_on_list(database, definitions, before, now)
    suppress(database, "mo", before, now)
    after = Signer.of(secrets)
    renew_hashes(database, after.address_hashes)
    suppress(database, "kim", after, now)
    with database.reading() as connection:
        rows = dict(connection.execute(selected(Selection("leden"), definitions, now)).all())
        numbers = {name: find(connection, parse_address(f"{name}@example.org")) for name in NAMES}
        gone = departed(connection, list(rows), "leden", now)
        profile = show(connection, parse_address("mo@example.org"), definitions, after.address_hashes)
    assert {name: rows[number] for name, number in numbers.items()} == {
        "zoe": None,
        "mo": "suppressed",
        "kim": "suppressed",
    }
    assert gone == {numbers["mo"]: "suppressed", numbers["kim"]: "suppressed"}
    assert profile.suppressed == "bounced"


def test_erased_person_cannot_be_added_under_a_new_key(
    database: Database, definitions: Definitions, now: datetime
) -> None:
    before, after = Signer.of((OLD,)), Signer.of((NEW, OLD))
    put_on_list(database, definitions, before, now)
    zoe = parse_address("zoe@example.org")
    with database.writing() as connection:
        remove(connection, zoe, now, before.address_hashes, suppress=True)
    renew_hashes(database, after.address_hashes)
    with pytest.raises(SubscriberError, match="may not be mailed"), database.writing() as connection:
        add(connection, zoe, "leden", {}, definitions, source="t", now=now, hashes=after.address_hashes)


def test_key_that_is_the_same_as_before_writes_nothing(
    database: Database, definitions: Definitions, now: datetime
) -> None:
    signer = Signer.of((NEW, OLD))
    put_on_list(database, definitions, signer, now)
    asked: list[str] = []
    with database.writing():  # whoever wrote now would wait for this
        renew_hashes(database, lambda key: asked.append(key) or signer.address_hashes(key))  # type: ignore[func-returns-value]
    assert len(asked) <= 2


def test_key_that_goes_back_brings_nobody_back(database: Database, definitions: Definitions, now: datetime) -> None:
    old, new = Signer.of((OLD,)), Signer.of((NEW, OLD))
    put_on_list(database, definitions, old, now)
    renew_hashes(database, new.address_hashes)
    suppress(database, "mo", new, now)
    renew_hashes(database, old.address_hashes)
    with database.reading() as connection:
        exclusions = [row.exclusion for row in connection.execute(selected(Selection("leden"), definitions, now))]
    assert sorted(filter(None, exclusions)) == ["suppressed"]
