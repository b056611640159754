"""An import as a change: written in chunks, gone on with after it was cut off, and told so that it can be undone."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Definitions,
    EveryRow,
    Fate,
    Method,
    Target,
    Undone,
    Watcher,
    last_change,
    leave,
    parse_address,
    suppression,
    undo,
    undoing,
    unsubscribe,
)
from newsletter.subscribers.importing import running
from newsletter.subscribers.importing.running import Decided
from newsletter.subscribers.people import find
from newsletter.subscribers.rights import forget
from newsletter.tokens import Signer
from support.importing import Listening, import_file

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


def write(path: Path, rows: Sequence[str], header: str = "email;status;voornaam;topics;tags") -> Path:
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def rows_of(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    with database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))]


def content(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything of people that an import writes."""
    kept = (tables.subscribers, tables.subscriptions, tables.subscriber_topics, tables.subscriber_tags)
    return {table.name: rows_of(database, table) for table in (*kept, tables.suppressions, tables.consents)}


def added(database: Database, change: int) -> list[int]:
    """The numbers of whom a change has added, as its spans tell them."""
    spans = [row for row in rows_of(database, tables.changed_spans) if row["change_id"] == change]
    return [number for span in spans for number in range(span["first_id"], span["last_id"] + 1)]


class Stopping(Watcher):
    """Stops an import when a chunk has been written."""

    def __init__(self, after: int) -> None:
        self._after = after

    def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
        if done >= self._after:
            raise KeyboardInterrupt


def numbered(count: int) -> list[str]:
    return [f"r{number}@example.org;;R{number};jeugd;nieuw" for number in range(count)]


@pytest.mark.parametrize("cut", [0, CHUNK, 3 * CHUNK, 45])
def test_import_that_was_cut_off_goes_on_where_it_was(
    database: Database, target: Target, tmp_path: Path, cut: int
) -> None:
    path = write(tmp_path / "x.csv", numbered(45))
    with pytest.raises(KeyboardInterrupt):
        import_file(database, path, target, Stopping(cut))
    written = len(rows_of(database, tables.subscribers))
    assert written == cut
    (change,) = rows_of(database, tables.changes)
    assert change["finished_at"] is None
    heard = Listening()
    result = import_file(database, path, replace(target, now=target.now.replace(year=2025)), heard)
    assert heard.done_before == result.resumed_after == cut
    assert result.counts == {Fate.ADDED: 45}
    (change,) = rows_of(database, tables.changes)
    assert (change["count"], change["detail"], change["by"], change["list"]) == (45, "leden.csv", "a.jansen", "leden")
    assert change["finished_at"] is not None
    assert len(rows_of(database, tables.consents)) == len(added(database, change["id"])) == 45
    assert rows_of(database, tables.changed_people) == []
    assert {row["created_at"] for row in rows_of(database, tables.subscribers)} == {target.now}


def test_another_file_does_not_go_on_with_what_was_cut_off(database: Database, target: Target, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", numbered(45))
    with pytest.raises(KeyboardInterrupt):
        import_file(database, path, target, Stopping(CHUNK))
    result = import_file(database, path, replace(target, identity=b"2" * 32))
    assert result.resumed_after == 0
    assert result.counts == {Fate.ADDED: 35, Fate.UNCHANGED: 10}


def test_two_processes_do_not_go_on_with_the_same_import(database: Database, target: Target, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", numbered(45))

    class Overtaken(Watcher):
        def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
            if done == CHUNK:
                import_file(database, path, target)

    with pytest.raises(StoreError, match="another process"):
        import_file(database, path, target, Overtaken())
    assert len(rows_of(database, tables.subscribers)) == len(rows_of(database, tables.consents)) == 45


def test_repeated_import_changes_nothing_at_all(database: Database, target: Target, tmp_path: Path) -> None:
    rows = [*numbered(25), "weg@example.org;unsubscribed;;;", "terug@example.org;bounced;;;"]
    path = write(tmp_path / "x.csv", rows)
    import_file(database, path, target)
    before, changes = content(database), rows_of(database, tables.changes)
    result = import_file(database, path, target)
    assert result.written == 0
    assert content(database) == before
    assert rows_of(database, tables.changes) == changes


def test_departure_counts_in_whatever_chunk_it_stands(database: Database, target: Target, tmp_path: Path) -> None:
    rows = numbered(45)
    rows[3] = "weg@example.org;;;;"
    rows[44] = "WEG@example.org;unsubscribed;;;"
    rows[40] = "weg@example.org;active;;;"
    result = import_file(database, write(tmp_path / "x.csv", rows), target)
    assert result.counts == {Fate.ADDED: 42, Fate.LEFT: 1, Fate.REPEATED: 2}
    with database.reading() as connection:
        number = find(connection, parse_address("weg@example.org"))
    (subscription,) = [row for row in rows_of(database, tables.subscriptions) if row["subscriber_id"] == number]
    assert subscription["status"] == "unsubscribed"
    assert [row["act"] for row in rows_of(database, tables.consents) if row["subscriber_id"] == number] == ["left"]


def test_what_was_kept_before_is_told_of_each_person(database: Database, target: Target, tmp_path: Path) -> None:
    header = "email;status;voornaam;lid sinds;topics;tags"
    first = ["a@example.org;;Anna;2020-01-01;jeugd;oud", "b@example.org;;Bram;;;", "c@example.org;;Cor;;;"]
    import_file(database, write(tmp_path / "x.csv", first, header), target)
    second = [
        "a@example.org;;Anne;2021-01-01;bestuur;nieuw",
        "b@example.org;unsubscribed;;;;",
        "c@example.org;;Cor;;;",
        "d@example.org;;Dirk;;;",
        "e@example.org;complained;;;;",
    ]
    later = replace(target, source="later", now=target.now.replace(month=3), identity=b"3" * 32)
    import_file(database, write(tmp_path / "x.csv", second, header), later)
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
    import_file(database, write(tmp_path / "x.csv", first), replace(target, list="pers"))
    before = content(database)
    second = ["a@example.org;;Anne;bestuur;nieuw", "b@example.org;unsubscribed;;;", "d@example.org;;Dirk;;"]
    import_file(database, write(tmp_path / "x.csv", second), replace(target, identity=b"3" * 32))
    with database.reading() as connection:
        change = last_change(connection)
    undo(database, change, target.definitions, by="a.jansen", now=change.finished_at or target.now)
    after = content(database)
    for table in ("subscriptions", "subscriber_topics", "subscriber_tags", "suppressions"):
        assert after[table] == before[table]
    assert [row["first_name"] for row in after["subscribers"]] == ["Anna", "Bram", "Cor"]


def test_rows_that_have_become_good_since_an_import_was_cut_off_are_not_passed_over(
    database: Database, target: Target, tmp_path: Path
) -> None:
    rows = numbered(25)
    with pytest.raises(KeyboardInterrupt):
        import_file(database, write(tmp_path / "x.csv", rows), target, Stopping(CHUNK))
    # By address it stands among those that are done; the identity is the same as then.
    mended = ["a0@example.org;;Anna;;", *rows]
    result = import_file(database, write(tmp_path / "x.csv", mended), target)
    assert result.resumed_after == 0
    assert result.counts == {Fate.ADDED: 16, Fate.UNCHANGED: 10}
    with database.reading() as connection:
        assert find(connection, parse_address("a0@example.org")) is not None


def test_people_are_written_in_the_order_of_their_addresses(database: Database, target: Target, tmp_path: Path) -> None:
    import_file(database, write(tmp_path / "x.csv", numbered(45)), target)
    keys = [row["address_key"] for row in rows_of(database, tables.subscribers)]
    assert keys == sorted(keys)
    assert keys != [f"r{number}@example.org" for number in range(45)]


def test_others_can_write_between_two_chunks(database: Database, target: Target, tmp_path: Path) -> None:
    left: list[int] = []

    class Leaving(Watcher):
        def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
            if done == CHUNK:
                with database.writing() as connection:
                    unsubscribe(connection, parse_address("r10@example.org"), "leden", target.now)
                left.append(done)

    result = import_file(database, write(tmp_path / "x.csv", numbered(45)), target, Leaving())
    assert left == [CHUNK]
    assert result.counts == {Fate.ADDED: 45}
    assert [row["status"] for row in rows_of(database, tables.subscriptions)].count("unsubscribed") == 1


def test_person_erased_or_suppressed_during_an_import_is_not_added(
    database: Database, target: Target, tmp_path: Path
) -> None:
    class Complaining(Watcher):
        def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
            if done == CHUNK:
                hashed = target.hashes(parse_address("r40@example.org").key)[0]
                row = {"address_hash": hashed, "reason": "complained", "created_at": target.now}
                with database.writing() as connection:
                    connection.execute(sa.insert(tables.suppressions).values(row))

    result = import_file(database, write(tmp_path / "x.csv", numbered(45)), target, Complaining())
    assert result.counts == {Fate.ADDED: 44, Fate.SUPPRESSED: 1}


def test_every_row_is_told_of_in_its_order(database: Database, target: Target, tmp_path: Path) -> None:
    rows = numbered(25)
    rows[0], rows[11], rows[24] = "geen adres;;;;", "r2@example.org;;;;", "ook niet;;;;"
    path = write(tmp_path / "x.csv", rows)

    class Writing(Listening):
        def __init__(self, report: EveryRow) -> None:
            super().__init__(wants_fates=True)
            self._report = report

        def bad(self, number: int, row: Any) -> None:
            self._report.bad(number, "x.csv", row)

        def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
            if done == 0:
                self._report.begin()

        def decided(self, fates: Sequence[Decided]) -> None:
            for number, line, address, fate in fates:
                self._report.decided(number, "x.csv", number, line, address, fate)

    with (tmp_path / "all.csv").open("wb") as file:
        report = EveryRow(file)
        import_file(database, path, target, Writing(report))
        report.close()
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        told = list(csv.DictReader(file))
    assert [int(row["row"]) for row in told] == list(range(1, 26))
    assert [int(row["line"]) for row in told] == list(range(2, 27))
    assert [row["fate"] for row in told] == ["bad", *["added"] * 10, "repeated", *["added"] * 12, "bad"]
    assert "no e-mail address" in told[0]["problem"]


def test_suppressed_people_stay_so_whatever_the_file_says(database: Database, target: Target, tmp_path: Path) -> None:
    import_file(database, write(tmp_path / "x.csv", ["a@example.org;spam;;;"]), target)
    for said in ("active", "unsubscribed", "bounced"):
        result = import_file(database, write(tmp_path / "y.csv", [f"a@example.org;{said};;;"]), target)
        assert result.counts == {Fate.SUPPRESSED: 1}
    with database.reading() as connection:
        assert suppression(connection, target.hashes("a@example.org")) == "complained"


def test_whom_an_import_added_is_told_in_spans_without_those_between(
    database: Database, target: Target, tmp_path: Path
) -> None:
    first = write(tmp_path / "x.csv", [row for row in numbered(45) if row.startswith(("r1", "r30"))])
    import_file(database, first, target)
    with_leaver = [*numbered(45), "r200@example.org;unsubscribed;;;"]
    import_file(database, write(tmp_path / "y.csv", with_leaver), replace(target, identity=b"2" * 32))
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
    import_file(database, write(tmp_path / "x.csv", numbered(45)[10:12]), replace(target, identity=b"2" * 32))
    before = content(database)
    later = replace(target, now=target.now + LATER)
    import_file(database, write(tmp_path / "y.csv", numbered(45)), later)
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
        database, write(tmp_path / "x.csv", ["a@example.org;;Anna;jeugd;pers", "b@example.org;;Bram;;"]), target
    )
    before = content(database)
    second = write(tmp_path / "y.csv", ["a@example.org;;Anne;jeugd;pers", "b@example.org;;;jeugd;pers"])
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


def test_import_begins_anew_where_as_many_but_other_rows_are_good(
    database: Database, target: Target, tmp_path: Path
) -> None:
    rows = [f"r{number:02}@example.org;;R;jeugd;" for number in range(10, 35)]
    import_file(database, write(tmp_path / "x.csv", rows[10:11]), replace(target, identity=b"2" * 32))
    rows[10] = "r20@example.org;unsubscribed;;;"
    first = write(tmp_path / "y.csv", ["a0@example.org;;A;;", *rows, "z9@example.org;;Z;\ufffd;"])
    with pytest.raises(KeyboardInterrupt):
        import_file(database, first, target, Stopping(CHUNK))
    other = write(tmp_path / "y.csv", ["a0@example.org;;\ufffd;;", *rows, "z9@example.org;;Z;;"])
    result = import_file(database, other, target)
    assert (result.resumed_after, result.counts[Fate.LEFT]) == (0, 1)
    with database.reading() as connection:
        number = find(connection, parse_address("r20@example.org"))
    (subscription,) = [row for row in rows_of(database, tables.subscriptions) if row["subscriber_id"] == number]
    assert subscription["status"] == "unsubscribed"
