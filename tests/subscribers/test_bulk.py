"""Many people are edited at once, and all of it can be undone, but for those who have acted themselves."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.errors import SubscriberError
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Asking,
    Choices,
    Definitions,
    Edit,
    Method,
    Undone,
    add,
    change,
    dossier,
    edit_people,
    last_change,
    leave,
    parse_address,
    read_changes,
    save_preferences,
    undo,
)
from newsletter.tokens import Signer

LATER = timedelta(hours=1)


@pytest.fixture
def people(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> list[int]:
    with database.writing() as connection:
        return [
            add(
                connection,
                parse_address(f"lezer{number}@example.org"),
                "leden",
                {"region": "Noord" if number % 2 else None, "topics": frozenset({"jeugd"} if number % 3 else ())},
                definitions,
                source="test",
                now=now - timedelta(days=1),
                hashes=signer.address_hashes,
            )
            for number in range(7)
        ]


def state(database: Database, definitions: Definitions, people: list[int]) -> list[Any]:
    """What is kept of people, without the account of how it came about."""
    with database.reading() as connection:
        found = [dossier(connection, number, definitions) for number in people]
    return [
        one
        and (one.values, one.topics, one.tags, [(had.list, had.status, had.subscribed_at) for had in one.memberships])
        for one in found
    ]


EDIT = Edit(
    values={"region": "Zuid", "first_name": "Lezer", "member_since": None},
    tags=frozenset({"congres", "pers"}),
    topics=frozenset({"bestuur"}),
    without_topics=frozenset({"jeugd"}),
    leave="leden",
)


def test_what_an_edit_does_is_undone_to_the_letter(
    database: Database, definitions: Definitions, people: list[int], now: datetime
) -> None:
    before = state(database, definitions, people)
    seen: list[int] = []
    edit_people(database, people, EDIT, definitions, by="j.devries", now=now, progress=seen.append)
    for values, topics, tags, lists in state(database, definitions, people):
        assert values == {"first_name": "Lezer", "region": "Zuid"}
        assert (topics, tags) == (("bestuur",), ("congres", "pers"))
        assert [one[1] for one in lists] == ["unsubscribed"]
    with database.reading() as connection:
        made = last_change(connection)
    assert (made.count, made.by, made.action, sum(seen)) == (7, "j.devries", "edit", 7)
    assert "Zuid" not in made.detail
    counts = undo(database, made, definitions, by="j.devries", now=now + LATER)
    assert counts == {Undone.RESTORED: 7}
    assert state(database, definitions, people) == before
    with database.reading() as connection:
        assert read_changes(connection)[0].undone_at == now + LATER
        with pytest.raises(SubscriberError, match="no change to undo"):
            last_change(connection)


def test_undoing_leaves_those_alone_who_have_acted_since(
    database: Database, definitions: Definitions, people: list[int], signer: Signer, now: datetime
) -> None:
    edit_people(database, people, EDIT, definitions, by="j.devries", now=now)
    with database.writing() as connection:
        # Taken off by staff already; the person says so too.
        assert leave(connection, people[0], "leden", Method.ONE_CLICK, now + LATER) == ()
        asking = Asking(now + LATER, "nl", "de eigen pagina")
        choices = Choices(topics=frozenset({"ondermijning"}))
        assert save_preferences(connection, people[1], choices, asking, definitions, signer.address_hashes)
        change(connection, parse_address("lezer2@example.org"), {"region": "Oost"}, definitions, now + LATER)
        made = last_change(connection)
    counts = undo(database, made, definitions, by="j.devries", now=now + 2 * LATER)
    assert counts == {Undone.RESTORED: 4, Undone.LEFT_ALONE: 3}
    after = state(database, definitions, people)
    assert [one[3][0][1] for one in after] == ["unsubscribed"] * 3 + ["subscribed"] * 4
    assert after[2][0]["region"] == "Oost"


def test_what_an_import_added_goes_again(
    database: Database, definitions: Definitions, people: list[int], now: datetime
) -> None:
    from newsletter.subscribers import begin_change, finish_change, keep_before

    with database.writing() as connection:
        number = begin_change(connection, "import", "leden.csv", "j.devries", now, "leden")
        keep_before(connection, number, "added", dict.fromkeys(people[:2]))
        keep_before(connection, number, "joined", {people[2]: {"subscription": None}})
        finish_change(connection, number, now)
        made = last_change(connection)
    counts = undo(database, made, definitions, by="j.devries", now=now + LATER)
    assert counts == {Undone.REMOVED: 2, Undone.RESTORED: 1}
    after = state(database, definitions, people)
    assert after[:2] == [None, None]
    assert after[2][3] == []
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.suppressions)) == 0
