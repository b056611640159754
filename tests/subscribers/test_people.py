"""People: added, unsubscribed and erased, on both databases."""

from datetime import datetime

import pytest

from newsletter.errors import SubscriberError
from newsletter.store import Database
from newsletter.subscribers import Definitions, add, parse_address, remove, show, unsubscribe
from newsletter.tokens import Signer

ZOE = parse_address("zoe@example.org")


def test_added_person_is_shown_with_everything_that_is_kept(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    values = {"first_name": "Zoë", "region": "Noord", "topics": frozenset({"jeugd"})}
    with database.writing() as connection:
        add(connection, ZOE, "leden", values, definitions, source="staff", now=now, hashes=signer.address_hashes)
    with database.reading() as connection:
        profile = show(connection, ZOE, definitions, signer.address_hashes)
    assert profile.values["first_name"] == "Zoë"
    assert profile.values["region"] == "Noord"
    assert profile.values["topics"] == frozenset({"jeugd"})
    assert [(one.list, one.status) for one in profile.subscriptions] == [("leden", "subscribed")]


def test_somebody_who_left_cannot_be_added_again_by_staff(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    with database.writing() as connection:
        add(connection, ZOE, "leden", {}, definitions, source="staff", now=now, hashes=signer.address_hashes)
        assert unsubscribe(connection, ZOE, "leden", now) == ("leden",)
    with pytest.raises(SubscriberError, match="has unsubscribed"), database.writing() as connection:
        add(connection, ZOE, "leden", {}, definitions, source="staff", now=now, hashes=signer.address_hashes)


def test_erased_person_leaves_only_a_hash_that_keeps_them_away(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    with database.writing() as connection:
        add(connection, ZOE, "leden", {}, definitions, source="staff", now=now, hashes=signer.address_hashes)
        remove(connection, ZOE, now, signer.address_hashes, suppress=True)
    with pytest.raises(SubscriberError, match="nobody has"), database.reading() as connection:
        show(connection, ZOE, definitions, signer.address_hashes)
    with pytest.raises(SubscriberError, match="may not be mailed"), database.writing() as connection:
        add(connection, ZOE, "leden", {}, definitions, source="staff", now=now, hashes=signer.address_hashes)
