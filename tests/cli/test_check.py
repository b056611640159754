"""`newsletter check`, and the gate of `newsletter send`: what is found, mended, stopped and overridden."""

import json

import pytest

from cli.conftest import Call
from conftest import SLUG
from newsletter.preflight.accessibility import lacking
from newsletter.workspace import Workspace
from support.checking import Desk

EVENT = "studiedag-ondermijning.md"
ACCESSIBILITY_STOPS = {"NEWSLETTER_PREFLIGHT__SEVERITY": '{"accessibility": "error", "issue-date": "off"}'}
SEND = ("send", SLUG, "--list", "leden", "--yes")


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


@pytest.fixture
def wrong(desk: Desk) -> Desk:
    """An issue with a weekday that is wrong and can be mended, and a placeholder that nobody but an editor can."""
    desk.replace(EVENT, "Een dag over", "Woensdag 7 maart, een dag over")
    desk.replace("issue.yaml", "title: Nieuws", "title: TODO")
    return desk


def test_issue_in_order_ends_well(call: Call, desk: Desk) -> None:
    result = call("check", SLUG, "--offline")
    assert "Niets houdt de verzending van deze uitgave tegen." in result.stdout
    assert "issue-date" in result.stdout, "the example is dated long ago"


def test_findings_name_place_fault_and_remedy_in_the_language_of_the_workspace(call: Call, wrong: Desk) -> None:
    result = call("check", SLUG, "--offline", code=11)
    stops = result.stdout.partition("Kijk hier even naar")[0]
    assert f"issues/{SLUG}/{EVENT}:15:1, body  weekday  Studiedag integrale aanpak ondermijning (voorbeeld)" in stops
    assert "“Woensdag 7 maart” klopt niet: die dag is in 2024 een donderdag." in stops
    assert "--fix doet dit." in stops
    assert f"issues/{SLUG}/issue.yaml:16:12, sections.2.title  placeholder" in stops


def test_findings_are_told_in_english_elsewhere(call: Call, wrong: Desk) -> None:
    settings = wrong.workspace.settings_file
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('language = "nl"', 'language = "en"'), encoding="utf-8")
    result = call("check", SLUG, "--offline", code=11)
    assert "“Woensdag 7 maart” does not fit: that day is a Thursday in 2024." in result.stdout


def test_findings_as_json(call: Call, wrong: Desk) -> None:
    found = json.loads(call("check", SLUG, "--offline", "--json", code=11).stdout)
    assert found["blocked"]
    assert found["counts"]["error"] == 2
    first = next(one for one in found["findings"] if one["check"] == "weekday")
    assert (first["severity"], first["file"], first["line"], first["column"], first["fixable"]) == (
        "error",
        f"issues/{SLUG}/{EVENT}",
        15,
        1,
        True,
    )


def test_workspace_says_how_much_a_check_weighs(call: Call, wrong: Desk) -> None:
    wrong.set('[preflight.severity]\nweekday = "hint"\nplaceholder = "off"')
    result = call("check", SLUG, "--offline")
    assert "Misschien nuttig" in result.stdout
    assert "TODO" not in result.stdout


def test_check_that_does_not_exist_is_refused_in_the_settings(call: Call, desk: Desk) -> None:
    desk.set('[preflight.severity]\nweekdays = "off"')
    result = call("check", SLUG, code=3)
    assert "No check is called 'weekdays'. Did you mean 'weekday'?" in " ".join(result.stderr.split())


def test_fix_shows_what_it_changes_and_changes_nothing_else(call: Call, wrong: Desk) -> None:
    path = wrong.folder / EVENT
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    result = call("check", SLUG, "--offline", "--fix", "--yes", code=11)
    assert "-Woensdag 7 maart, een dag over" in result.stderr
    assert "+Donderdag 7 maart, een dag over" in result.stderr
    assert path.read_bytes() == before.replace(b"Woensdag", b"Donderdag")
    assert "weekday" not in result.stdout
    assert "placeholder" in result.stdout


def test_fix_asks_and_a_no_changes_nothing(call: Call, wrong: Desk) -> None:
    before = (wrong.folder / EVENT).read_bytes()
    result = call("check", SLUG, "--offline", "--fix", code=2)
    assert "--yes" in result.stderr
    assert (wrong.folder / EVENT).read_bytes() == before


def test_fix_with_nothing_to_mend_says_so(call: Call, desk: Desk) -> None:
    assert "niets dat zeker genoeg is" in call("check", SLUG, "--offline", "--fix", "--yes").stderr


@pytest.fixture
def reader(call: Call) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")


def test_what_stops_an_issue_stops_send_before_anything_is_frozen(call: Call, wrong: Desk, reader: None) -> None:
    result = call(*SEND, code=11)
    assert "“TODO” moest nog worden vervangen" in result.stderr
    assert f"2 findings stop {SLUG} from being sent; nothing was frozen" in " ".join(result.stderr.split())
    assert "--override REASON" in result.stderr
    assert not (wrong.workspace.root / "var/outbox").exists()
    call("check", SLUG, "--offline", "--fix", "--yes", code=11)
    wrong.replace("issue.yaml", "title: TODO", "title: Nieuws")
    assert "1 accepted" in call(*SEND).stdout


def test_segment_is_whom_the_issue_is_checked_for(call: Call, desk: Desk, reader: None) -> None:
    call("subscribers", "add", "noor@example.org", "--list", "leden", "--set", "region=Noord")
    desk.replace("issue.yaml", "title: Nieuws", "title: Nieuws\n    visible_to: subscriber.region == 'Zuid'")

    def reaches_somebody(*options: str) -> bool:
        found = json.loads(call("check", SLUG, "--offline", "--json", *options).stdout)["findings"]
        return not [one for one in found if (one["check"], one["block"]) == ("unreached-block", "Nieuws")]

    assert not reaches_somebody("--segment", "noord")
    call("subscribers", "add", "zoe@example.org", "--list", "leden", "--set", "region=Zuid")
    assert reaches_somebody()
    assert reaches_somebody("--list", "leden")
    assert not reaches_somebody("--segment", "noord")


def test_segment_that_does_not_exist_is_refused_without_a_database_too(call: Call, desk: Desk) -> None:
    result = call("check", SLUG, "--offline", "--segment", "nord", code=4)
    assert "noord" in result.stderr
    assert not (desk.workspace.state / "newsletter.sqlite").exists()


def test_override_is_kept_in_the_receipt(call: Call, wrong: Desk, reader: None) -> None:
    result = call(*SEND, "--json", "--override", "Afgesproken\nmet de voorzitter")
    override = json.loads(result.stdout)["override"]
    assert override["reason"] == "Afgesproken met de voorzitter"
    assert override["findings"] == {"placeholder": 1, "weekday": 1}
    assert override["by"]
    (file,) = wrong.folder.glob("receipt-*.json")
    assert json.loads(file.read_text(encoding="utf-8"))["override"] == override


def test_override_without_a_reason_is_refused(call: Call, wrong: Desk, reader: None) -> None:
    assert "reason to override is empty" in " ".join(call(*SEND, "--override", " ", code=9).stderr.split())


def test_override_of_nothing_leaves_no_trace(call: Call, desk: Desk, reader: None) -> None:
    assert json.loads(call(*SEND, "--json", "--override", "Voor de zekerheid").stdout)["override"] is None


def test_dry_run_shows_the_findings_and_goes_on(call: Call, wrong: Desk, reader: None) -> None:
    result = call(*SEND, "--dry-run", "--json")
    assert json.loads(result.stdout)["planned"] == 1
    assert "“TODO” moest nog worden vervangen" in result.stderr


def test_dispatch_that_there_is_goes_on_whatever_became_of_the_issue(call: Call, desk: Desk, reader: None) -> None:
    call(*SEND)
    desk.replace("issue.yaml", "title: Nieuws", "title: TODO")
    assert "finished already" in call(*SEND).stderr


def test_browser_looks_at_the_message_where_there_is_one(call: Call, desk: Desk) -> None:
    if missing := lacking():
        pytest.skip(f"{missing} is not installed")
    programs = {"NEWSLETTER_PREFLIGHT__PROGRAMS": "true"}
    assert "axe-core" not in call("check", SLUG, environ=programs).stdout
    desk.footer('<p role="nonsense">Een toelichting</p>')
    seen = " ".join(call("check", SLUG, environ=programs).stdout.split())
    assert "Volgens axe-core (aria-roles)" in seen
    assert "axe-core" not in call("check", SLUG, "--offline", environ=programs).stdout
    call(*SEND, code=11, environ={**programs, **ACCESSIBILITY_STOPS})
