"""`newsletter subscribers`: a garbled list comes in, is looked at, goes out again, and people can leave."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from cli.conftest import Call
from conftest import SLUG
from newsletter.settings import secret_keys
from newsletter.store import open_database, tables
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.importing import write_archive

ROWS = 200
BAD_EVERY = 20
GARBAGE = ("geen adres", "jan@", "@example.org", "jan@@example.org", "", "jan de vries@example.org")
LEFT = "weg@example.org"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A list with 5 % garbage, as an office program writes it."""
    lines = ["E-mailadres;Voornaam;Achternaam;Regio;Schoenmaat"]
    for number in range(ROWS):
        address = f"lezer{number}@example.org"
        if number % BAD_EVERY == 7:
            address = GARBAGE[number // BAD_EVERY % len(GARBAGE)]
        lines.append(f"{address};Zoë {number};de Vries;Noord;42")
    file = tmp_path / "leden.csv"
    file.write_bytes("\r\n".join(lines).encode("cp1252"))
    return file


def test_garbage_is_reported_and_the_rest_comes_in(call: Call, workspace: Workspace, people: Path) -> None:
    result = call("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", "--yes", code=10)
    assert "Imported 190 of 200 rows into leden." in result.stdout
    assert "cp1252, parted by ';'" in result.stderr
    assert "passed over: Schoenmaat" in result.stderr
    assert re.search(r"leden\.csv:9, row 8, email\nError: 'geen adres' is no e-mail address", result.stderr)
    assert "And 5 more" in result.stderr
    report = workspace.state / "reports/leden-bad-rows.csv"
    assert len(report.read_text(encoding="utf-8-sig").splitlines()) == 11
    again = json.loads(
        call("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", "--yes", "--json", code=10).stdout
    )
    assert again == {"rows": 200, "unchanged": 190, "bad": 10}


def test_nothing_is_written_before_somebody_has_agreed(call: Call, people: Path) -> None:
    assert "--yes" in call("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", code=2).stderr
    dry = call("subscribers", "import", people, "--list", "leden", "--dry-run", code=10)
    assert "Would import 190 of 200 rows" in dry.stdout
    assert json.loads(call("lists", "list", "--json").stdout)["leden"]["subscribed"] == 0


def test_columns_can_be_named(call: Call, people: Path) -> None:
    maps = ("--map", "Schoenmaat=role", "--map", "Regio=-")
    shown = call("subscribers", "import", people, "--list", "leden", "--map", "Schoenmaat=rol", code=6).stderr
    assert "Did you mean 'role'?" in shown
    shown = call("subscribers", "import", people, "--list", "leden", "--dry-run", *maps, code=10).stderr
    assert "is none of the choices" in shown
    assert (
        "ledenadministratie"
        in call("subscribers", "import", people, "--list", "leden", "--columns", "leden", code=2).stderr
    )


def test_person_is_added_shown_taken_off_and_erased(call: Call) -> None:
    added = ("subscribers", "add", "Zoë de Vries <zoe@münchen.example>", "--list", "leden", "--set", "region=noord")
    assert "zoe@münchen.example is on leden." in call(*added, "--set", "topics=Jeugd; bestuur").stdout
    shown = call("subscribers", "show", "ZOE@xn--mnchen-3ya.example").stdout
    assert "Zoë" in shown
    assert "bestuur, jeugd" in shown
    profile = json.loads(call("subscribers", "show", "zoe@münchen.example", "--json").stdout)
    assert profile["values"]["region"] == "Noord"
    assert profile["subscriptions"][0]["source"] == "added by staff"
    assert "has left leden" in call("subscribers", "unsubscribe", "zoe@münchen.example").stdout
    assert "has unsubscribed from leden" in call(*added, code=6).stderr
    assert "--yes" in call("subscribers", "remove", "zoe@münchen.example", code=2).stderr
    call("subscribers", "remove", "zoe@münchen.example", "--yes")
    assert "nobody has the address" in call("subscribers", "show", "zoe@münchen.example", code=6).stderr.lower()
    assert "may not be mailed" in call(*added, code=6).stderr


def test_dry_run_writes_no_report(call: Call, workspace: Workspace, people: Path) -> None:
    shown = call("subscribers", "import", people, "--list", "leden", "--dry-run", code=10).stderr
    assert "Nothing was written" in shown
    assert not (workspace.state / "reports").exists()


def test_report_never_takes_the_place_of_the_file_or_of_an_earlier_one(
    call: Call, workspace: Workspace, people: Path
) -> None:
    before = people.read_bytes()
    imported = ("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", "--yes")
    assert "Name another file" in call(*imported, "--report", people.parent / "." / people.name, code=6).stderr
    assert people.read_bytes() == before
    call(*imported, code=10)
    people.write_bytes(before.replace(b"geen adres", b"nog steeds geen adres"))
    assert "leden-bad-rows-2.csv" in call(*imported, code=10).stderr
    reports = workspace.state / "reports"
    assert sorted(path.name for path in reports.iterdir()) == ["leden-bad-rows-2.csv", "leden-bad-rows.csv"]
    assert "nog steeds" not in (reports / "leden-bad-rows.csv").read_text(encoding="utf-8-sig")


def test_column_that_seems_to_say_who_left_is_named_before_anything_is_written(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "leden.csv"
    file.write_text("email;wil geen nieuwsbrief [/x]\nzoe@example.org;ja\n", encoding="utf-8")
    shown = call("subscribers", "import", file, "--list", "leden", "--dry-run").stderr
    assert "Do these say who has left? wil geen nieuwsbrief [/x]." in shown
    mapped = ("--map", "wil geen nieuwsbrief [/x]=opted_out")
    assert "have left" in call("subscribers", "import", file, "--list", "leden", "--dry-run", *mapped).stdout


def test_what_is_kept_can_be_changed_of_somebody_who_left_too(call: Call) -> None:
    call("subscribers", "add", LEFT, "--list", "leden", "--set", "region=Noord", "--set", "topics=jeugd; bestuur")
    call("subscribers", "unsubscribe", LEFT)
    changes = ("--set", "region=", "--set", "topics=jeugd", "--set", "first_name=Wim")
    assert "is changed" in call("subscribers", "change", f"Wim <{LEFT}>", *changes).stdout
    profile = json.loads(call("subscribers", "show", LEFT, "--json").stdout)
    assert profile["values"] == {
        "email": LEFT,
        "first_name": "Wim",
        "last_name": None,
        "language": None,
        "region": None,
        "role": None,
        "member_since": None,
        "topics": ["jeugd"],
    }
    assert profile["subscriptions"][0]["status"] == "unsubscribed"
    assert "--set" in call("subscribers", "change", LEFT, code=2).stderr
    assert "nobody has the address" in call("subscribers", "change", "mo@example.org", *changes, code=6).stderr.lower()


def test_when_somebody_left_is_told(call: Call) -> None:
    call("subscribers", "add", LEFT, "--list", "leden", "--source", "beurs")
    call("subscribers", "unsubscribe", LEFT)
    day = r"\d{4}-\d\d-\d\d"
    assert re.search(rf"unsubscribed since {day}; subscribed {day} \(beurs\)", call("subscribers", "show", LEFT).stdout)
    assert re.search(rf"left leden already, on {day}", call("subscribers", "unsubscribe", LEFT).stdout)


def test_nobody_comes_back_when_the_secret_key_changes(call: Call, workspace: Workspace, tmp_path: Path) -> None:
    call("subscribers", "add", LEFT, "--list", "leden")
    call("subscribers", "unsubscribe", LEFT)
    call("subscribers", "remove", LEFT, "--yes")
    key = workspace.state / "secret.key"
    key.write_text(f"{'n' * 40} {key.read_text(encoding='ascii')}", encoding="ascii")
    assert "may not be mailed" in call("subscribers", "add", LEFT, "--list", "leden", code=6).stderr
    file = tmp_path / "leden.csv"
    file.write_text(f"email\n{LEFT}\n", encoding="utf-8")
    shown = call("subscribers", "import", file, "--list", "leden", "--basis", "opt-in", "--yes").stdout
    assert "may not be mailed" in shown


def complain(workspace: Workspace, address: str) -> None:
    """Keep a complaint as it is kept while the secret key of this moment is in use."""
    signer = Signer.of(secret_keys(workspace, {}))
    database = open_database("sqlite:///var/newsletter.db", workspace.root)
    with database.writing() as connection:
        row = {"address_hash": signer.hash_address(address), "reason": "complaint", "created_at": datetime.now(UTC)}
        connection.execute(sa.insert(tables.suppressions).values(row))
    database.close()


def test_whoever_complained_gets_nothing_before_and_after_the_secret_key_changes(
    call: Call, workspace: Workspace
) -> None:
    for name in ("before", "after", "zoe"):
        call("subscribers", "add", f"{name}@example.org", "--list", "leden")
    complain(workspace, "before@example.org")
    key = workspace.state / "secret.key"
    key.write_text(f"{'n' * 40} {key.read_text(encoding='ascii')}", encoding="ascii")
    call("lists", "list")
    complain(workspace, "after@example.org")
    shown = json.loads(call("send", SLUG, "--list", "leden", "--dry-run", "--json").stdout)
    assert shown["excluded"] == {"suppressed": 2}


def test_export_is_what_was_imported_and_nobody_else_may_read_it(call: Call, people: Path, tmp_path: Path) -> None:
    call("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", "--yes", code=10)
    call("subscribers", "add", LEFT, "--list", "leden")
    call("subscribers", "unsubscribe", LEFT)
    target = tmp_path / "uit.csv"
    assert "Keep it out of git" in call("subscribers", "export", "--list", "leden", "-o", target).stderr
    assert target.stat().st_mode & 0o777 == 0o600
    assert len(target.read_text(encoding="utf-8-sig").splitlines()) == 191
    everybody = call("subscribers", "export", "--list", "leden", "--everybody").stdout
    assert LEFT in everybody
    assert LEFT not in target.read_text(encoding="utf-8-sig")
    shown = json.loads(
        call("subscribers", "import", target, "--list", "leden", "--basis", "opt-in", "--yes", "--json").stdout
    )
    assert shown == {"rows": 190, "unchanged": 190}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("add", "zoe", "--list", "leden"), 6, "is no e-mail address"),
        (("add", "zoe@example.org", "--list", "lezers"), 4, "leden"),
        (("add", "zoe@example.org", "--list", "leden", "--set", "regio=Noord"), 2, "region"),
        (("add", "zoe@example.org", "--list", "leden", "--set", "region=Midden"), 6, "Noord, Oost"),
        (("add", "zoe@example.org", "--list", "leden", "--set", "member_since=gisteren"), 6, "2026-01-31"),
        (("show", "zoe@example.org"), 6, "Nobody"),
        (("unsubscribe", "zoe@example.org"), 6, "Nobody"),
        (("import", "nergens.csv", "--list", "leden"), 6, "Check its name"),
        (("export", "--list", "lezers"), 4, "leden"),
    ],
)
def test_wrong_call_is_answered_with_a_remedy(call: Call, arguments: tuple[str, ...], code: int, says: str) -> None:
    assert says in call("subscribers", *arguments, code=code).stderr


def test_nobody_is_imported_without_a_reason_why_they_may_be_mailed(call: Call, people: Path) -> None:
    said = call("subscribers", "import", people, "--list", "leden", "--yes", code=6).stderr
    assert "it is not said why these people may be mailed" in said.lower()
    assert "--basis" in said
    for basis in ("because", "other", "other:", "customer: of ours"):
        shown = call("subscribers", "import", people, "--list", "leden", "--basis", basis, "--yes", code=6).stderr
        assert "soft opt-in" in shown
    assert json.loads(call("lists", "list", "--json").stdout)["leden"]["subscribed"] == 0


def test_basis_and_source_are_kept_with_each_person(call: Call, people: Path) -> None:
    said = ("--basis", "other: leden van de vereniging", "--source", "ledenadministratie 2024")
    call("subscribers", "import", people, "--list", "leden", *said, "--yes", code=10)
    dossier = call("subscribers", "dossier", "lezer1@example.org").stdout
    assert "other: leden van de vereniging" in dossier
    assert "ledenadministratie 2024" in dossier


def test_fate_of_every_row_is_written_for_its_owner_alone(call: Call, people: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    imported = ("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", "--yes")
    call(*imported, "--report-all", file, code=10)
    assert file.stat().st_mode & 0o077 == 0
    with file.open(encoding="utf-8-sig", newline="") as report:
        rows = list(csv.DictReader(report))
    assert len(rows) == ROWS
    assert [int(row["row"]) for row in rows] == list(range(1, ROWS + 1))
    assert {row["fate"] for row in rows if int(row["row"]) % BAD_EVERY == 8} == {"bad"}
    assert "Name another file" in call(*imported, "--report-all", people, code=6).stderr


def test_archive_of_several_tables_is_shown_and_its_bad_rows_are_reported_for_each(
    call: Call, workspace: Workspace, tmp_path: Path
) -> None:
    header = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID,TAGS\n"
    write_archive(
        tmp_path / "export.zip",
        {
            "subscribed_1.csv": f"{header}a@example.org,Anna,2,2020-01-01 10:00:00,1,2,\ngeen adres,,,,,,\n",
            "cleaned_1.csv": f"{header}b@example.org,Bo,2,2020-01-01 10:00:00,1,2,\nook niet,,,,,,\n",
        },
    )
    imported = ("subscribers", "import", tmp_path / "export.zip", "--list", "leden", "--basis", "opt-in", "--yes")
    result = call(*imported, code=10)
    assert result.stderr.count("looks like an export of Mailchimp") == 2
    assert "everybody in it: bounced, says its name" in result.stderr
    reports = sorted(path.name for path in (workspace.state / "reports").iterdir())
    assert reports == ["export-cleaned_1-bad-rows.csv", "export-subscribed_1-bad-rows.csv"]
    profile = json.loads(call("subscribers", "show", "b@example.org", "--json").stdout)
    assert profile["suppressed"] == "bounced"


def test_workbook_goes_out_and_comes_in_again(call: Call, people: Path, tmp_path: Path) -> None:
    imported = ("--list", "leden", "--basis", "opt-in", "--yes", "--json")
    call("subscribers", "import", people, *imported, code=10)
    out = tmp_path / "out.xlsx"
    said = call("subscribers", "export", "--list", "leden", "--segment", "noord", "-o", out).stderr
    assert "Wrote 190 people" in said
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(call("subscribers", "import", out, *imported).stdout) == {"rows": 190, "unchanged": 190}
    assert "no sheet" in call("subscribers", "import", out, *imported, "--sheet", "nergens", code=6).stderr
