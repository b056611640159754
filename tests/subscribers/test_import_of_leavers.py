"""Files that say who has left: nobody is brought back by an import, from whatever program it comes."""

from datetime import datetime
from pathlib import Path

import pytest

from newsletter.store import Database
from newsletter.subscribers import (
    Definitions,
    Fate,
    ImportResult,
    Target,
    export_people,
    import_people,
    map_columns,
    open_table,
    parse_address,
    read_rows,
    show,
)
from newsletter.tokens import Signer


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import test.csv", now, definitions, signer.hash_address)


def import_file(database: Database, path: Path, target: Target) -> ImportResult:
    with open_table(path) as table:
        columns = map_columns(table.headers, {}, target.definitions, str(path))
        rows = read_rows(table.rows, columns, target.definitions)
        return import_people(database, rows, target, lambda _: None, dry_run=False)


def status_of(database: Database, address: str, target: Target) -> str:
    with database.reading() as connection:
        profile = show(connection, parse_address(address), target.definitions, target.hash_address)
    return profile.subscriptions[0].status


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Status", "Unsubscribed"),
        ("status", "cleaned"),
        ("Inschrijfstatus", "uitgeschreven"),
        ("UNSUB_TIME", "2018-07-23 12:19:27"),
        ("CLEAN_TIME", "2018-07-23 12:19:27"),
        ("unsubscribed_at", "2024-01-01"),
    ],
)
def test_somebody_the_file_calls_gone_is_kept_as_gone(
    database: Database, target: Target, tmp_path: Path, header: str, cell: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"email;{header}\ngone@example.org;{cell}\nhere@example.org;\n", encoding="utf-8")
    result = import_file(database, path, target)
    assert result.counts == {Fate.LEFT: 1, Fate.ADDED: 1}
    assert status_of(database, "gone@example.org", target) == "unsubscribed"
    assert status_of(database, "here@example.org", target) == "subscribed"
    path.write_text("email\ngone@example.org\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.UNSUBSCRIBED: 1}


def test_file_takes_somebody_off_who_was_on_the_list(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status\nzoe@example.org;active\n", encoding="utf-8")
    import_file(database, path, target)
    path.write_text("email;status\nzoe@example.org;unsubscribed\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.LEFT: 1}
    assert status_of(database, "zoe@example.org", target) == "unsubscribed"


def test_status_that_nobody_knows_is_no_consent(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status\nzoe@example.org;pending\n", encoding="utf-8")
    result = import_file(database, path, target)
    assert result.counts == {Fate.BAD: 1}
    assert "--map" in result.bad[0].problem.remedy


def test_export_of_everybody_brings_nobody_back_elsewhere(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status\nzoe@example.org;unsubscribed\nmo@example.org;\n", encoding="utf-8")
    import_file(database, path, target)
    with database.reading() as connection, (tmp_path / "all.csv").open("wb") as file:
        export_people(connection, target.definitions, "leden", file, lambda _: None, everybody=True)
    again = import_file(database, tmp_path / "all.csv", target)
    assert again.counts == {Fate.UNSUBSCRIBED: 1, Fate.UNCHANGED: 1}


def test_line_that_names_the_delimiter_is_no_header(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("sep=|\nemail|voornaam\nzoe@example.org|Zoë\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.ADDED: 1}
