"""Events as data in the HTML: what mail programs read, safe from what an event's words hold, each for its readers."""

import json
import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SLUG
from newsletter.items import Event, EventStatus
from newsletter.render import Masthead
from newsletter.render.event_markup import event_script
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.example import compile_example, parse

MASTHEAD = Masthead("N", "Het Veiligheidshuis", "P", "https://nieuws.example.org/")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EVENT = Event("Studiedag", datetime(2026, 3, 29, 9, 30, tzinfo=AMSTERDAM), place="Utrecht")
SCRIPT = re.compile(r'<script type="application/ld\+json">([^<]*)</script>')


def data_of(event: Event) -> dict[str, Any]:
    found = SCRIPT.fullmatch(event_script(event, MASTHEAD))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def events_for(workspace: Workspace, definitions: Definitions, region: str, **environ: str) -> list[str]:
    message = compile_example(workspace, definitions, SLUG, environ).message(region=region)
    body = parse(message).get_body(("html",))
    assert body is not None
    html = body.get_content().rstrip()
    found = [json.loads(script)["name"] for script in SCRIPT.findall(html)]
    assert html.count("<script") == len(found)
    if found:
        assert html.endswith("</script></body></html>")
    return found


def test_event_is_described_in_the_words_of_schema_org() -> None:
    event = replace(EVENT, end=datetime(2026, 3, 29, 17, tzinfo=AMSTERDAM), url="https://example.org/s/")
    assert data_of(event) == {
        "@context": "https://schema.org/",
        "@type": "Event",
        "name": "Studiedag",
        "startDate": "2026-03-29T09:30:00+02:00",
        "endDate": "2026-03-29T17:00:00+02:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "location": {"@type": "Place", "name": "Utrecht", "address": "Utrecht"},
        "organizer": {"@type": "Organization", "name": "Het Veiligheidshuis"},
        "url": "https://example.org/s/",
    }


@pytest.mark.parametrize(
    ("status", "named"),
    [("confirmed", "Scheduled"), ("full", "Scheduled"), ("moved", "Rescheduled"), ("cancelled", "Cancelled")],
)
def test_every_status_is_named(status: str, named: str) -> None:
    data = data_of(replace(EVENT, status=EventStatus(status), previous_start=date(2026, 3, 1)))
    assert data["eventStatus"] == f"https://schema.org/Event{named}"
    assert data.get("previousStartDate") == ("2026-03-01" if status == "moved" else None)


def test_place_may_be_anywhere() -> None:
    online = replace(EVENT, place=None, online="https://example.org/mee/")
    assert data_of(online)["location"] == {"@type": "VirtualLocation", "url": "https://example.org/mee/"}
    both = data_of(replace(EVENT, online="https://example.org/mee/"))
    assert [place["@type"] for place in both["location"]] == ["Place", "VirtualLocation"]
    assert both["eventAttendanceMode"] == "https://schema.org/MixedEventAttendanceMode"
    assert "location" not in data_of(replace(EVENT, place=None))
    assert data_of(replace(EVENT, start=date(2026, 3, 29), end=date(2026, 3, 30)))["endDate"] == "2026-03-30"


@given(st.text() | st.sampled_from(["</script><script>x", "<!--<script>", "]]>&lt;", "a\u2028b", "\x00"]))
def test_no_words_of_an_event_end_its_script(text: str) -> None:
    event = replace(EVENT, title=text, place=text, organiser=text or None)
    script = event_script(event, MASTHEAD)
    assert (script.count("<"), script.count(">"), script.count("&")) == (2, 2, 0)
    assert script.isprintable() or not text.isprintable()
    assert data_of(event)["name"] == text


def test_readers_get_the_data_of_the_events_that_they_get(workspace: Workspace, definitions: Definitions) -> None:
    for_all = ["Studiedag integrale", "Intervisie procesr", "Leergang casus- en"]
    for_noord = [*for_all[:2], "Regiobijeenkomst N", for_all[2]]
    assert [name[:18] for name in events_for(workspace, definitions, "Zuid")] == [name[:18] for name in for_all]
    assert [name[:18] for name in events_for(workspace, definitions, "Noord")] == [name[:18] for name in for_noord]


def test_workspace_may_leave_the_data_out(workspace: Workspace, definitions: Definitions) -> None:
    assert events_for(workspace, definitions, "Noord", NEWSLETTER_MARKUP__EVENTS="false") == []


def test_event_costs_little(workspace: Workspace, definitions: Definitions) -> None:
    with_it = compile_example(workspace, definitions, SLUG).message(region="Noord")
    without = compile_example(workspace, definitions, SLUG, {"NEWSLETTER_MARKUP__EVENTS": "false"}).message(
        region="Noord"
    )
    assert len(with_it) - len(without) <= 4 * 1_500
