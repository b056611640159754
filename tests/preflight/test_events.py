"""What checks say of events: their weekdays, deadlines, and what became of them."""

from datetime import date

import pytest

from newsletter.workspace import Workspace
from support.checking import Desk

STORY = "overdracht-met-een-formulier.md"
EVENT = "studiedag-ondermijning.md"


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


@pytest.mark.parametrize(
    "text",
    [
        "Op woensdag 7 maart 2024 is het zover.",
        "Op Wo. 7 mrt is het zover.",
        "Op **woensdag** 7 maart is het zover.",
        "Op woensdag\n7 maart is het zover.",
        "Op woensdag 7 en donderdag 8 maart 2024.",
        "Van woensdag 7 t/m vrijdag 9 maart 2024.",
        "On Wednesday the 7th of March 2024.",
        "On Wednesday, March 7, 2024.",
        "On wed 7 march.",
        "Op woensdag 07-03-2024.",
        "Op woensdag 31 april.",
        "Op woensdag 7/3.",
        "Op woensdag 7/3, om 19.00 uur.",
        "Op do. 13-3 is het zover.",
        "Op woensdag 07-03 van 10 tot 12 uur.",
        "Op dinsdag 31/4.",
        "On Friday 7/3.",
        "On Wednesday 3/14.",
        "Op dinsdag 29 februari 2023.",
    ],
)
def test_wrong_weekdays_are_found_however_they_are_written(desk: Desk, text: str) -> None:
    desk.body(STORY, text)
    assert len(desk.findings("weekday")) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Op donderdag 7 maart 2024, en op di 5 mrt.",
        "Op donderdag 7 en vrijdag 8 maart 2024.",
        "Van donderdag 7 tot en met zaterdag 9 maart.",
        "On Thursday, 7 March 2024 and Friday, March 8th.",
        "Op dinsdag 14 oktober 2025 en zondag 29 februari 2032.",
        "Op woensdag 13.00–17.00 uur, elke dinsdag 9-12 uur, om zo 5 mei te vieren.",
        "Zie `woensdag 7 maart` en [dit stuk](https://example.org/woensdag 7 maart).",
        "Afgelopen december, op zondag 24 december.",
        "Op donderdag 7/3, donderdag 07-03, wo 13-3 en vr. 15-3.",
        "On Thursday 3/7, Thursday 7/3, Wednesday 7/3 and Thursday 3/14.",
        "Op woensdag 1/2 dag vrij, en op dinsdag 2/3 van de leden. Zaterdag 3-1 gewonnen, zondag 27-25.",
        "Vanaf woensdag 24/7 open. Elke woensdag 10-2. Woensdag 9-12 en woensdag 13-17 uur.",
        "On Sunday 1/2 of the group.",
        "De uitslag 7/3 en 13-10, woensdag 7/3/4, woensdag 13-3-1 en woensdag 1/10,5.",
    ],
)
def test_right_weekdays_and_other_words_are_passed_over(desk: Desk, text: str) -> None:
    desk.body(STORY, text)
    assert desk.messages("weekday") == []


def test_weekday_is_mended_where_the_day_is_the_events_own(desk: Desk) -> None:
    desk.replace(EVENT, "title: Studiedag", "title: Wo. 7 maart, studiedag")
    desk.body(EVENT, "Kom WOENSDAG 7 maart, en op dinsdag 6 maart.")
    text = desk.fixed("weekday", EVENT)
    assert "title: Do. 7 maart, studiedag" in text
    assert "Kom DONDERDAG 7 maart, en op dinsdag 6 maart." in text


def test_year_of_a_weekday_is_that_of_the_event(desk: Desk) -> None:
    for key in ("start", "end"):
        desk.replace(EVENT, f"{key}: 2024-03-07", f"{key}: 2025-03-07")
    desk.body(EVENT, "Op vrijdag 7 maart.")
    assert desk.messages("weekday") == []


def test_event_on_the_day_of_the_issue_is_not_over(desk: Desk) -> None:
    desk.replace("issue.yaml", "date: 2024-02-20", "date: 2024-03-07")
    assert desk.messages("past-event") == []
    desk.replace("issue.yaml", "date: 2024-03-07", "date: 2024-03-08")
    assert desk.messages("past-event") == ["the event is over on 2024-03-07, before the issue comes out"]


def test_issue_that_leaves_late_is_told_what_has_gone_by(desk: Desk) -> None:
    assert desk.messages("issue-date", today=date(2024, 2, 1)) == []
    found = desk.messages("issue-date", today=date(2024, 3, 10))
    assert "the issue is dated 2024-02-20, and today is 2024-03-10" in found
    assert "the event is over since 2024-03-07" in found
    assert not any("register" in message for message in found)


def test_full_event_needs_no_open_registration(desk: Desk) -> None:
    desk.replace(EVENT, "deadline: 2024-03-01", "deadline: 2024-02-01")
    desk.replace(EVENT, "topics:", "status: full\ntopics:")
    assert desk.messages("registration-deadline") == []


def test_registration_does_not_close_after_the_event(desk: Desk) -> None:
    desk.replace(EVENT, "deadline: 2024-03-01", "deadline: 2024-03-08")
    assert desk.messages("registration-deadline") == ["one can register until 2024-03-08, after the event"]


@pytest.mark.parametrize(
    "lost",
    [
        "Studiedag integrale aanpak ondermijning (voorbeeld)",
        "donderdag 7 maart 2024, 9.30–16.30 uur",
        "De Observant, Amersfoort",
        "€ 45",
        "t/m 1 maart",
    ],
)
def test_title_or_fact_that_the_text_lacks_is_found(desk: Desk, lost: str) -> None:
    desk.replace(EVENT, "topics:", "price: € 45\ntopics:")
    text = " ".join(desk.context().text.split())
    assert desk.messages("text-part", text=text) == []
    assert lost in text
    assert desk.messages("text-part", text=text.replace(lost, "")) == [f"“{lost}” is not in the text"]


@pytest.mark.parametrize(
    ("deadline", "found"),
    [
        ("2024-03-07", []),
        ("2024-03-07 09:30", []),
        ("2024-03-07 17:00", ["one can register until 2024-03-07 17:00, when the event has begun"]),
        ("2024-03-07 09:31", ["one can register until 2024-03-07 09:31, when the event has begun"]),
        ("2024-02-20 09:00", []),
        ("2024-02-20 00:00", ["one could register until 2024-02-19, before the issue comes out"]),
    ],
)
def test_hour_of_a_deadline_counts(desk: Desk, deadline: str, found: list[str]) -> None:
    desk.replace(EVENT, "deadline: 2024-03-01", f"deadline: {deadline}")
    assert desk.messages("registration-deadline") == found


def test_one_may_register_while_an_event_of_several_days_lasts(desk: Desk) -> None:
    desk.replace(EVENT, "end: 2024-03-07", "end: 2024-03-08")
    desk.replace(EVENT, "deadline: 2024-03-01", "deadline: 2024-03-08 12:00")
    assert desk.messages("registration-deadline") == []
    desk.replace(EVENT, "deadline: 2024-03-08 12:00", "deadline: 2024-03-08 23:00")
    assert len(desk.messages("registration-deadline")) == 1


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("status: moved", "the event was moved, and does not tell from when"),
        ("status: moved\nprevious_start: 2024-03-07 09:30", "the event was moved to when it stood before"),
        ("source_status: cancelled", "the source says that the event is cancelled, the issue that it is confirmed"),
        ("source_start: 2024-03-08 09:30", "the source says that the event starts on 2024-03-08 09:30"),
        ("source_start: 2024-03-07T09:30\nsource_status: Confirmed", ""),
        ("source_start: 2024-03-07T08:30:00+00:00", ""),
    ],
)
def test_event_is_held_against_what_its_source_said(desk: Desk, keys: str, found: str) -> None:
    desk.replace(EVENT, "topics:", f"{keys}\ntopics:")
    assert desk.messages("event-status") == ([found] if found else [])


def test_words_about_other_things_are_no_status(desk: Desk) -> None:
    desk.replace(EVENT, "topics:", "lead: Een dag vol werkvormen.\ntopics:")
    assert desk.messages("event-status") == []
