"""Lists, segments, bulk edits, dossiers and retention, as an admin calls them."""

import json
from pathlib import Path

import pytest

from cli.conftest import Call
from newsletter.workspace import Workspace


@pytest.fixture
def filled(call: Call, workspace: Workspace) -> Call:
    file = workspace.subscribers / "example.csv"
    call("subscribers", "import", file, "--list", "leden", "--basis", "opt-in", "--yes")
    return call


def test_lists_are_counted_by_how_people_stand(filled: Call) -> None:
    filled("subscribers", "unsubscribe", "sanne.de.vries@example.org")
    counts = json.loads(filled("lists", "list", "--json").stdout)["leden"]
    assert counts == {"receiving": 23, "subscribed": 23, "paused": 0, "suppressed": 0, "unsubscribed": 1}
    assert "Leden van het netwerk" in filled("lists", "list").stdout
    shown = filled("lists", "show", "leden").stdout
    assert "confirmed by mail" in shown
    assert json.loads(filled("lists", "show", "leden", "--json").stdout)["opt_in"] == "double"
    assert "no list called 'lden'" in filled("lists", "show", "lden", code=4).stderr


def test_segments_are_counted_and_tried(filled: Call) -> None:
    counts = json.loads(filled("segments", "list", "--json").stdout)
    assert counts == {"list": "leden", "segments": {"noord": 7, "bestuurders": 7}}
    shown = filled("segments", "show", "noord").stdout
    assert "sanne.de.vries@example.org" in shown
    assert "7 of leden would get mail." in shown
    tried = json.loads(filled("segments", "try", "subscriber.region == 'Noord'", "--sample", "2", "--json").stdout)
    assert (tried["count"], len(tried["sample"])) == (7, 2)
    wrong = filled("segments", "try", "subscriber.regoin == 'Noord'", code=4)
    assert "Did you mean subscriber.region" in wrong.stderr
    assert "condition:1:12" in wrong.stderr


def test_people_are_found(filled: Call) -> None:
    assert "sanne.de.vries@example.org" in filled("subscribers", "find", "sanne").stdout
    result = filled("subscribers", "find", "--list", "leden", "--limit", "5", "--json")
    found = json.loads(result.stdout)
    assert (found["count"], len(found["people"])) == (24, 5)
    more = filled("subscribers", "find", "--limit", "5")
    assert "The next: --after 5" in more.stderr
    assert "0 people." in filled("subscribers", "find", "niemand").stderr
    assert "not both" in filled("subscribers", "find", "--segment", "noord", "--where", "true", code=2).stderr


def test_a_bulk_edit_says_what_it_would_do_does_it_and_is_undone(filled: Call) -> None:
    edit = ("subscribers", "edit", "--list", "leden", "--segment", "noord")
    assert "7 people" in filled(*edit, "--add-tag", "pers", "--dry-run").stdout
    assert "--yes" in filled(*edit, "--add-tag", "pers", code=2).stderr
    filled(*edit, "--add-tag", "pers", "--set", "role=adviseur", "--unsubscribe", "--yes")
    tagged = json.loads(filled("subscribers", "find", "--tag", "pers", "--json").stdout)
    assert tagged["count"] == 7
    assert {one["role"] for one in tagged["people"]} == {"adviseur"}
    assert json.loads(filled("lists", "list", "--json").stdout)["leden"]["unsubscribed"] == 7
    changes = json.loads(filled("subscribers", "changes", "--json").stdout)
    assert (changes[0]["action"], changes[0]["count"]) == ("edit", 7)
    assert "restored" in filled("subscribers", "undo", "--yes").stdout
    assert json.loads(filled("lists", "list", "--json").stdout)["leden"]["unsubscribed"] == 0
    assert json.loads(filled("subscribers", "find", "--tag", "pers", "--json").stdout)["count"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--add-topic", "sport"), "there is no topic 'sport'"),
        (("--set", "schoenmaat=42"), "there is no field 'schoenmaat'"),
        ((), "Say what to change"),
        (("--unsubscribe",), "Say which list"),
        (("--set", "topics=jeugd"), "Say what to change"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(filled: Call, arguments: tuple[str, ...], said: str) -> None:
    assert said in filled("subscribers", "edit", "--all", *arguments, "--yes", code=2).stderr
    assert "edit" not in filled("subscribers", "changes").stdout


@pytest.mark.parametrize(("text", "said"), [((), "Say whom to edit"), (("",), "TEXT is empty"), ((" ",), "empty")])
def test_nobody_edits_everybody_by_a_word_that_is_missing(filled: Call, text: tuple[str, ...], said: str) -> None:
    assert said in filled("subscribers", "edit", *text, "--add-tag", "pers", "--yes", code=2).stderr


def test_a_dossier_is_printed_and_written_for_its_owner_only(filled: Call, tmp_path: Path) -> None:
    filled("subscribers", "add", "jan@example.org", "--list", "leden", "--set", "region=Noord", "--source", "beurs")
    printed = filled("subscribers", "dossier", "jan@example.org").stdout
    assert "added leden, by staff" in printed
    assert "source: beurs" in printed
    file = tmp_path / "jan.json"
    filled("subscribers", "dossier", "jan@example.org", "--json", "-o", file)
    assert json.loads(file.read_text())["values"]["region"] == "Noord"
    assert file.stat().st_mode & 0o077 == 0
    assert "nobody has the address" in filled("subscribers", "dossier", "piet@example.org", code=6).stderr.lower()


def test_two_people_become_one(filled: Call) -> None:
    filled("subscribers", "add", "jan@example.org", "--list", "leden", "--set", "region=Noord")
    filled("subscribers", "add", "j.devries@example.org", "--list", "leden", "--set", "role=adviseur")
    filled("subscribers", "unsubscribe", "j.devries@example.org")
    filled("subscribers", "merge", "jan@example.org", "j.devries@example.org", "--yes")
    kept = json.loads(filled("subscribers", "dossier", "jan@example.org", "--json").stdout)
    assert kept["values"] == {"region": "Noord", "role": "adviseur"}
    assert kept["memberships"][0]["status"] == "unsubscribed"
    filled("subscribers", "dossier", "j.devries@example.org", code=6)
    assert "one person already" in filled("subscribers", "merge", "jan@example.org", "jan@example.org", code=6).stderr


def test_retention_says_what_is_due(filled: Call) -> None:
    assert "dry run" in filled("retention", "--dry-run").stderr
    assert set(json.loads(filled("retention", "--json").stdout)) >= {"confirmations", "networks", "left", "feedback"}
