"""`newsletter subscribers`: a garbled list comes in, is looked at, goes out again, and people can leave."""

import json
import re
from pathlib import Path

import pytest

from cli.conftest import Call
from newsletter.workspace import Workspace

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
    result = call("subscribers", "import", people, "--list", "leden", "--yes", code=10)
    assert "Imported 190 of 200 rows into leden." in result.stdout
    assert "cp1252, parted by ';'" in result.stderr
    assert "passed over: Schoenmaat" in result.stderr
    assert re.search(r"leden\.csv:9, row 8, email\nError: 'geen adres' is no e-mail address", result.stderr)
    assert "And 5 more" in result.stderr
    report = workspace.state / "reports/leden-bad-rows.csv"
    assert len(report.read_text(encoding="utf-8-sig").splitlines()) == 11
    again = json.loads(call("subscribers", "import", people, "--list", "leden", "--yes", "--json", code=10).stdout)
    assert again == {"rows": 200, "unchanged": 190, "bad": 10}


def test_nothing_is_written_before_somebody_has_agreed(call: Call, people: Path) -> None:
    assert "--yes" in call("subscribers", "import", people, "--list", "leden", code=2).stderr
    dry = call("subscribers", "import", people, "--list", "leden", "--dry-run", code=10)
    assert "Would import 190 of 200 rows" in dry.stdout
    assert json.loads(call("subscribers", "list", "--json").stdout) == {"leden": {"subscribed": 0, "unsubscribed": 0}}


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


def test_export_is_what_was_imported_and_nobody_else_may_read_it(call: Call, people: Path, tmp_path: Path) -> None:
    call("subscribers", "import", people, "--list", "leden", "--yes", code=10)
    call("subscribers", "add", LEFT, "--list", "leden")
    call("subscribers", "unsubscribe", LEFT)
    target = tmp_path / "uit.csv"
    assert "Keep it out of git" in call("subscribers", "export", "--list", "leden", "-o", target).stderr
    assert target.stat().st_mode & 0o777 == 0o600
    assert len(target.read_text(encoding="utf-8-sig").splitlines()) == 191
    everybody = call("subscribers", "export", "--list", "leden", "--everybody").stdout
    assert LEFT in everybody
    assert LEFT not in target.read_text(encoding="utf-8-sig")
    shown = json.loads(call("subscribers", "import", target, "--list", "leden", "--yes", "--json").stdout)
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
