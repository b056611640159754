"""An import as a change: written in chunks, gone on with after it was cut off, and told so that it can be undone."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
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
    Target,
    Watcher,
    parse_address,
    suppression,
    unsubscribe,
)
from newsletter.subscribers.importing import running
from newsletter.subscribers.importing.running import Decided
from newsletter.subscribers.people import find
from newsletter.tokens import Signer
from support.importing import Listening, Stopping, content, import_file, numbered, rows_of, write_rows

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


def _added(database: Database) -> int:
    return sum(row["last_id"] - row["first_id"] + 1 for row in rows_of(database, tables.changed_spans))


@pytest.mark.parametrize("cut", [0, CHUNK, 3 * CHUNK, 45])
def test_import_that_was_cut_off_goes_on_where_it_was(
    database: Database, target: Target, tmp_path: Path, cut: int
) -> None:
    path = write_rows(tmp_path / "x.csv", numbered(45))
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
    assert len(rows_of(database, tables.consents)) == _added(database) == 45
    assert rows_of(database, tables.changed_people) == []
    assert {row["created_at"] for row in rows_of(database, tables.subscribers)} == {target.now}


def test_another_file_does_not_go_on_with_what_was_cut_off(database: Database, target: Target, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "x.csv", numbered(45))
    with pytest.raises(KeyboardInterrupt):
        import_file(database, path, target, Stopping(CHUNK))
    result = import_file(database, path, replace(target, identity=b"2" * 32))
    assert result.resumed_after == 0
    assert result.counts == {Fate.ADDED: 35, Fate.UNCHANGED: 10}


def test_two_processes_do_not_go_on_with_the_same_import(database: Database, target: Target, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "x.csv", numbered(45))

    class Overtaken(Watcher):
        def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
            if done == CHUNK:
                import_file(database, path, target)

    with pytest.raises(StoreError, match="another process"):
        import_file(database, path, target, Overtaken())
    assert len(rows_of(database, tables.subscribers)) == len(rows_of(database, tables.consents)) == 45


def test_repeated_import_changes_nothing_at_all(database: Database, target: Target, tmp_path: Path) -> None:
    rows = [*numbered(25), "weg@example.org;unsubscribed;;;", "terug@example.org;bounced;;;"]
    path = write_rows(tmp_path / "x.csv", rows)
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
    result = import_file(database, write_rows(tmp_path / "x.csv", rows), target)
    assert result.counts == {Fate.ADDED: 42, Fate.LEFT: 1, Fate.REPEATED: 2}
    with database.reading() as connection:
        number = find(connection, parse_address("weg@example.org"))
    (subscription,) = [row for row in rows_of(database, tables.subscriptions) if row["subscriber_id"] == number]
    assert subscription["status"] == "unsubscribed"
    assert [row["act"] for row in rows_of(database, tables.consents) if row["subscriber_id"] == number] == ["left"]


def test_rows_that_have_become_good_since_an_import_was_cut_off_are_not_passed_over(
    database: Database, target: Target, tmp_path: Path
) -> None:
    rows = numbered(25)
    with pytest.raises(KeyboardInterrupt):
        import_file(database, write_rows(tmp_path / "x.csv", rows), target, Stopping(CHUNK))
    # By address it stands among those that are done; the identity is the same as then.
    mended = ["a0@example.org;;Anna;;", *rows]
    result = import_file(database, write_rows(tmp_path / "x.csv", mended), target)
    assert result.resumed_after == 0
    assert result.counts == {Fate.ADDED: 16, Fate.UNCHANGED: 10}
    with database.reading() as connection:
        assert find(connection, parse_address("a0@example.org")) is not None


def test_people_are_written_in_the_order_of_their_addresses(database: Database, target: Target, tmp_path: Path) -> None:
    import_file(database, write_rows(tmp_path / "x.csv", numbered(45)), target)
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

    result = import_file(database, write_rows(tmp_path / "x.csv", numbered(45)), target, Leaving())
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

    result = import_file(database, write_rows(tmp_path / "x.csv", numbered(45)), target, Complaining())
    assert result.counts == {Fate.ADDED: 44, Fate.SUPPRESSED: 1}


def test_every_row_is_told_of_in_its_order(database: Database, target: Target, tmp_path: Path) -> None:
    rows = numbered(25)
    rows[0], rows[11], rows[24] = "geen adres;;;;", "r2@example.org;;;;", "ook niet;;;;"
    path = write_rows(tmp_path / "x.csv", rows)

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
    import_file(database, write_rows(tmp_path / "x.csv", ["a@example.org;spam;;;"]), target)
    for said in ("active", "unsubscribed", "bounced"):
        result = import_file(database, write_rows(tmp_path / "y.csv", [f"a@example.org;{said};;;"]), target)
        assert result.counts == {Fate.SUPPRESSED: 1}
    with database.reading() as connection:
        assert suppression(connection, target.hashes("a@example.org")) == "complained"


def test_import_begins_anew_where_as_many_but_other_rows_are_good(
    database: Database, target: Target, tmp_path: Path
) -> None:
    rows = [f"r{number:02}@example.org;;R;jeugd;" for number in range(10, 35)]
    import_file(database, write_rows(tmp_path / "x.csv", rows[10:11]), replace(target, identity=b"2" * 32))
    rows[10] = "r20@example.org;unsubscribed;;;"
    first = write_rows(tmp_path / "y.csv", ["a0@example.org;;A;;", *rows, "z9@example.org;;Z;\ufffd;"])
    with pytest.raises(KeyboardInterrupt):
        import_file(database, first, target, Stopping(CHUNK))
    other = write_rows(tmp_path / "y.csv", ["a0@example.org;;\ufffd;;", *rows, "z9@example.org;;Z;;"])
    result = import_file(database, other, target)
    assert (result.resumed_after, result.counts[Fate.LEFT]) == (0, 1)
    with database.reading() as connection:
        number = find(connection, parse_address("r20@example.org"))
    (subscription,) = [row for row in rows_of(database, tables.subscriptions) if row["subscriber_id"] == number]
    assert subscription["status"] == "unsubscribed"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_others_get_their_turn_whenever_sqlite_was_written_to_for_a_second(
    database: Database, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    slept: list[tuple[int, float]] = []

    class Slow(Watcher):
        done = 0

        def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
            self.done = done
            clock[0] += 0.4

    slow = Slow()
    monkeypatch.setattr(running, "BREATH", 0.1)
    monkeypatch.setattr(running, "monotonic", lambda: clock[0])
    monkeypatch.setattr(running, "sleep", lambda seconds: slept.append((slow.done // CHUNK, seconds)))
    import_file(database, write_rows(tmp_path / "x.csv", numbered(100)), target, slow)
    assert slept == [(3, 0.1), (6, 0.1), (9, 0.1)]
