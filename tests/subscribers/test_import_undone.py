"""An import is told so that it can be undone: whom it has added, and what was kept of the others before."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from newsletter.store import Database, tables
from newsletter.subscribers import (
    Definitions,
    Fate,
    Method,
    Target,
    Undone,
    last_change,
    leave,
    parse_address,
    undo,
    undoing,
)
from newsletter.subscribers.importing import running
from newsletter.subscribers.people import find
from newsletter.subscribers.rights import forget
from newsletter.tokens import Signer
from support.importing import content, import_file, numbered, rows_of, write_rows

CHUNK = 10
LATER = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", CHUNK)
    monkeypatch.setattr(running, "BREATH", 0.0)


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target(
        "leden", "import test", now, definitions, signer.address_hashes, "opt-in", "a.jansen", "leden.csv", b"1" * 32
    )


def added(database: Database, change: int) -> list[int]:
    """The numbers of whom a change has added, as its spans tell them."""
    spans = [row for row in rows_of(database, tables.changed_spans) if row["change_id"] == change]
    return [number for span in spans for number in range(span["first_id"], span["last_id"] + 1)]


def test_what_was_kept_before_is_told_of_each_person(database: Database, target: Target, tmp_path: Path) -> None:
    header = "email;status;voornaam;lid sinds;topics;tags"
    first = ["a@example.org;;Anna;2020-01-01;jeugd;oud", "b@example.org;;Bram;;;", "c@example.org;;Cor;;;"]
    import_file(database, write_rows(tmp_path / "x.csv", first, header), target)
    second = [
        "a@example.org;;Anne;2021-01-01;bestuur;nieuw",
        "b@example.org;unsubscribed;;;;",
        "c@example.org;;Cor;;;",
        "d@example.org;;Dirk;;;",
        "e@example.org;complained;;;;",
    ]
    later = replace(target, source="later", now=target.now.replace(month=3), identity=b"3" * 32)
    import_file(database, write_rows(tmp_path / "x.csv", second, header), later)
    change = rows_of(database, tables.changes)[-1]["id"]
    names = {row["id"]: row["address"][0] for row in rows_of(database, tables.subscribers)}
    told = {
        names[row["subscriber_id"]]: (row["fate"], json.loads(row["before"]) if row["before"] else None)
        for row in rows_of(database, tables.changed_people)
        if row["change_id"] == change
    }
    assert told == {
        "a": (
            "changed",
            {
                "values": {"first_name": "Anna", "attribute_member_since": "2020-01-01"},
                "topics": ["jeugd"],
                "tags": ["oud"],
            },
        ),
        "b": (
            "left",
            {
                "subscription": {
                    "status": "subscribed",
                    "source": "import test",
                    "subscribed_at": "2024-02-20T08:30:00+00:00",
                    "unsubscribed_at": None,
                }
            },
        ),
        "e": ("left", {"subscription": None}),
    }


def test_import_can_be_undone(database: Database, target: Target, tmp_path: Path) -> None:
    first = ["a@example.org;;Anna;jeugd;oud", "b@example.org;;Bram;;", "c@example.org;;Cor;;"]
    import_file(database, write_rows(tmp_path / "x.csv", first), replace(target, list="pers"))
    before = content(database)
    second = ["a@example.org;;Anne;bestuur;nieuw", "b@example.org;unsubscribed;;;", "d@example.org;;Dirk;;"]
    import_file(database, write_rows(tmp_path / "x.csv", second), replace(target, identity=b"3" * 32))
    with database.reading() as connection:
        change = last_change(connection)
    undo(database, change, target.definitions, by="a.jansen", now=change.finished_at or target.now)
    after = content(database)
    for table in ("subscriptions", "subscriber_topics", "subscriber_tags", "suppressions"):
        assert after[table] == before[table]
    assert [row["first_name"] for row in after["subscribers"]] == ["Anna", "Bram", "Cor"]


def test_whom_an_import_added_is_told_in_spans_without_those_between(
    database: Database, target: Target, tmp_path: Path
) -> None:
    first = write_rows(tmp_path / "x.csv", [row for row in numbered(45) if row.startswith(("r1", "r30"))])
    import_file(database, first, target)
    with_leaver = [*numbered(45), "r200@example.org;unsubscribed;;;"]
    import_file(database, write_rows(tmp_path / "y.csv", with_leaver), replace(target, identity=b"2" * 32))
    one, two = rows_of(database, tables.changes)
    people = {row["id"]: row["address"].partition("@")[0] for row in rows_of(database, tables.subscribers)}
    known = {"r1", *(f"r{number}" for number in range(10, 20)), "r30"}
    assert {people[number] for number in added(database, one["id"])} == known
    fresh = {f"r{number}" for number in range(45)} - known
    assert [people[number] for number in added(database, two["id"])] == sorted(fresh, key=lambda name: f"{name}@")
    (left,) = rows_of(database, tables.changed_people)
    assert (people[left["subscriber_id"]], left["fate"]) == ("r200", "left")


@pytest.mark.parametrize("page", [1, 7, 45, 500])
def test_undoing_an_import_takes_out_whom_it_added_and_nobody_else(
    database: Database, target: Target, tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "PAGE", page)
    import_file(database, write_rows(tmp_path / "x.csv", numbered(45)[10:12]), replace(target, identity=b"2" * 32))
    before = content(database)
    later = replace(target, now=target.now + LATER)
    import_file(database, write_rows(tmp_path / "y.csv", numbered(45)), later)
    acted, erased = parse_address("r20@example.org"), parse_address("r30@example.org")
    with database.writing() as connection:
        change = last_change(connection)
        one, other = find(connection, acted), find(connection, erased)
        assert one is not None
        assert other is not None
        leave(connection, one, "leden", Method.ONE_CLICK, target.now + 2 * LATER)
        forget(connection, [other], target.now + 2 * LATER)
    seen: list[int] = []

    def stop_once(count: int) -> None:
        seen.append(count)
        if len(seen) == 1:
            raise KeyboardInterrupt

    undone = partial(undo, database, change, target.definitions, by="a.jansen", now=target.now + 3 * LATER)
    with pytest.raises(KeyboardInterrupt):
        undone(progress=stop_once)
    counts = undone(progress=seen.append)
    assert sum(seen) == 42
    assert counts[Undone.LEFT_ALONE] <= 1
    after = content(database)
    assert [row["address"] for row in after["subscribers"]] == [
        *(row["address"] for row in before["subscribers"]),
        acted.address,
    ]
    assert rows_of(database, tables.changed_spans) == [
        row for row in rows_of(database, tables.changed_spans) if row["change_id"] != change.number
    ]
    assert after["subscribers"][:2] == before["subscribers"]


def test_topics_and_tags_are_asked_of_each_person_and_not_of_anybody(
    database: Database, target: Target, tmp_path: Path
) -> None:
    import_file(
        database, write_rows(tmp_path / "x.csv", ["a@example.org;;Anna;jeugd;pers", "b@example.org;;Bram;;"]), target
    )
    before = content(database)
    second = write_rows(tmp_path / "y.csv", ["a@example.org;;Anne;jeugd;pers", "b@example.org;;;jeugd;pers"])
    result = import_file(database, second, replace(target, identity=b"2" * 32))
    assert result.counts == {Fate.CHANGED: 2}
    for table in (tables.subscriber_topics, tables.subscriber_tags):
        assert len(rows_of(database, table)) == 2
    with database.reading() as connection:
        change = last_change(connection)
    undo(database, change, target.definitions, by="a.jansen", now=change.finished_at or target.now)
    after = content(database)
    for name in ("subscriber_topics", "subscriber_tags"):
        assert after[name] == before[name]
