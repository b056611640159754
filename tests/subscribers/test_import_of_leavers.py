"""Files that say who has left: nobody is brought back by an import, from whatever program it comes."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.store import Database
from newsletter.subscribers import (
    Definitions,
    Fate,
    Target,
    export_people,
    map_columns,
    parse_address,
    remove,
    renew_hashes,
    show,
    suppression,
)
from newsletter.tokens import Signer
from support.importing import Listening, import_file


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import test.csv", now, definitions, signer.address_hashes)


def status_of(database: Database, address: str, target: Target) -> str:
    with database.reading() as connection:
        profile = show(connection, parse_address(address), target.definitions, target.hashes)
    return profile.subscriptions[0].status


def suppressed_for(database: Database, address: str, target: Target) -> str | None:
    with database.reading() as connection:
        return suppression(connection, target.hashes(parse_address(address).key))


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("Status", "Unsubscribed", None),
        ("status", "cleaned", "bounced"),
        ("Inschrijfstatus", "uitgeschreven", None),
        ("UNSUB_TIME", "2018-07-23 12:19:27", None),
        ("CLEAN_TIME", "2018-07-23 12:19:27", "bounced"),
        ("unsubscribed_at", "2024-01-01", None),
        ("email_disabled", "true", None),
        ("subscribed_to_emails", "false", None),
        ("Opted out", "Yes", None),
        ("Email Opt Out", "1", None),
        ("Unsubscribed from all email", "TRUE", None),
        ("Blocklisted", "ja", "suppressed"),
        ("status", "Blocklisted", "suppressed"),
        ("status", "Opgeschoond", "bounced"),
        ("UNSUB_REASON", "NORMAL", None),
        ("CLEAN_CAMPAIGN_ID", "12", "bounced"),
        ("Global status", "unsubscribed", None),
        ("list status", "Inactive", None),
        ("Afgemeld", "ja", None),
        ("Unsubscribed", "2024-01-01 10:00", None),
    ],
)
def test_somebody_the_file_calls_gone_is_kept_as_gone(
    database: Database, target: Target, tmp_path: Path, header: str, cell: str, reason: str | None
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"email;{header}\ngone@example.org;{cell}\nhere@example.org;\n", encoding="utf-8")
    result = import_file(database, path, target)
    assert result.counts == {Fate.LEFT: 1, Fate.ADDED: 1}
    assert status_of(database, "gone@example.org", target) == "unsubscribed"
    assert status_of(database, "here@example.org", target) == "subscribed"
    path.write_text("email\ngone@example.org\n", encoding="utf-8")
    kept_away = {Fate.SUPPRESSED: 1} if reason else {Fate.UNSUBSCRIBED: 1}
    assert import_file(database, path, target).counts == kept_away
    assert suppressed_for(database, "gone@example.org", target) == reason


def test_file_takes_somebody_off_who_was_on_the_list(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status\nzoe@example.org;active\n", encoding="utf-8")
    import_file(database, path, target)
    path.write_text("email;status\nzoe@example.org;unsubscribed\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.LEFT: 1}
    assert status_of(database, "zoe@example.org", target) == "unsubscribed"


def test_status_that_nobody_knows_is_no_consent(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status\nzoe@example.org;wellicht\n", encoding="utf-8")
    heard = Listening()
    assert import_file(database, path, target, heard).counts == {Fate.BAD: 1}
    assert "--map" in heard.bad_rows[0].problems[0].remedy


def test_export_of_everybody_brings_nobody_back_elsewhere(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status\nzoe@example.org;unsubscribed\nmo@example.org;\n", encoding="utf-8")
    import_file(database, path, target)
    with database.reading() as connection, (tmp_path / "all.csv").open("wb") as file:
        export_people(connection, target.definitions, "leden", file, lambda _: None, everybody=True)
    again = import_file(database, tmp_path / "all.csv", target)
    assert again.counts == {Fate.UNSUBSCRIBED: 1, Fate.UNCHANGED: 1}


def test_substack_export_is_understood(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "email,active_subscription,expiry,email_disabled,created_at\n"
        "gone@example.org,false,,true,2023-01-01\nhere@example.org,false,,false,2023-01-01\n",
        encoding="utf-8",
    )
    assert import_file(database, path, target).counts == {Fate.LEFT: 1, Fate.ADDED: 1}


@pytest.mark.parametrize("rows", [["jan;", "JAN;x"], ["JAN;x", "jan;"]])
@pytest.mark.parametrize("between", [0, 1200])
def test_departure_wins_over_every_other_row_of_the_address(
    database: Database, target: Target, tmp_path: Path, rows: list[str], between: int
) -> None:
    path = tmp_path / "people.csv"
    others = [f"other{number}@example.org;" for number in range(between)]
    first, last = (row.replace(";", "@example.org;") for row in rows)
    path.write_text("\n".join(["email;left_at", first, *others, last]), encoding="utf-8")
    result = import_file(database, path, target)
    assert result.counts[Fate.LEFT] == result.counts[Fate.REPEATED] == 1
    assert status_of(database, "jan@example.org", target) == "unsubscribed"


def test_any_of_several_columns_may_say_who_has_left(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status;opted out;list status\nzoe@example.org;active;no;unsubscribed\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.LEFT: 1}


@pytest.mark.parametrize("cell", ["", "no", "FALSE", "0", "0000-00-00 00:00:00", "-", "NULL"])
@pytest.mark.parametrize("header", ["left_at", "Opted out"])
def test_no_in_a_column_about_leaving_is_a_no(
    database: Database, target: Target, tmp_path: Path, header: str, cell: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"email;{header}\nzoe@example.org;{cell}\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.ADDED: 1}


def test_somebody_has_left_whatever_else_is_wrong_with_the_row(
    database: Database, target: Target, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;status;regio\nzoe@example.org;unsubscribed;Mars\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.LEFT: 1}


def test_column_that_seems_to_say_who_left_is_named(definitions: Definitions) -> None:
    headers = ["email", "Newsletter unsubscribe flag", "Bounce type", "shoe size", "created_at"]
    assert map_columns(headers, {}, definitions, "x").doubtful == ("Newsletter unsubscribe flag", "Bounce type")
    assert map_columns(headers, {"Bounce type": "-"}, definitions, "x").doubtful == ("Newsletter unsubscribe flag",)


def test_proof_of_consent_stays_when_an_import_takes_somebody_off(
    database: Database, target: Target, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\nzoe@example.org\n", encoding="utf-8")
    import_file(database, path, target)
    later = replace(target, source="import later.csv", now=now + timedelta(days=30))
    path.write_text("email;status\nzoe@example.org;unsubscribed\n", encoding="utf-8")
    import_file(database, path, later)
    with database.reading() as connection:
        (one,) = show(connection, parse_address("zoe@example.org"), target.definitions, target.hashes).subscriptions
    assert (one.source, one.subscribed_at, one.unsubscribed_at) == ("import test.csv", now, later.now)


def test_somebody_erased_under_an_older_key_is_not_imported(
    database: Database, target: Target, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\nzoe@example.org\nmo@example.org\n", encoding="utf-8")
    import_file(database, path, target)
    with database.writing() as connection:
        remove(connection, parse_address("zoe@example.org"), now, target.hashes, suppress=True)
    changed = Signer.of((b"another secret of some characters", b"a secret of thirty-two characters"))
    renew_hashes(database, changed.address_hashes)
    again = replace(target, hashes=changed.address_hashes)
    assert import_file(database, path, again).counts == {Fate.SUPPRESSED: 1, Fate.UNCHANGED: 1}


def test_line_that_names_the_delimiter_is_no_header(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("sep=|\nemail|voornaam\nzoe@example.org|Zoë\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.ADDED: 1}
