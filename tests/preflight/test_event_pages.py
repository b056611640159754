"""What the page of an event says of it now, against what the issue says: from a real server to the finding."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.dispatch.checking import event_pages
from newsletter.fetching import Fetched, Fetcher
from newsletter.links import LinkCache, Pace, Page, visit_pages
from newsletter.preflight import base
from newsletter.preflight.base import Finding
from newsletter.render.translations import read_translations
from newsletter.workspace import Workspace
from support.checking import Desk
from support.web_server import Answer, Request, serving

EVENT = "studiedag-ondermijning.md"
URL = "https://nieuwsbrief.example.org/agenda/studiedag-ondermijning/"
SCHEDULED = {
    "@context": "https://schema.org",
    "@type": "Event",
    "name": "Studiedag integrale aanpak ondermijning",
    "startDate": "2024-03-07T09:30:00+01:00",
    "eventStatus": "https://schema.org/EventScheduled",
}


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


def html(*data: Any) -> bytes:
    scripts = [
        f'<script type="application/ld+json">{one if isinstance(one, str) else json.dumps(one)}</script>'
        for one in data
    ]
    return f"<html><head>{''.join(scripts)}</head><body>x</body></html>".encode()


def findings(desk: Desk, content: bytes, kind: str = "text/html; charset=utf-8") -> list[Finding]:
    """Check the issue with what its event's page holds."""
    return desk.findings("event-status", fetched={URL: Fetched(URL, 200, {"content-type": kind}, content)})


def messages(desk: Desk, **told: Any) -> list[str]:
    return [finding.message for finding in findings(desk, html({**SCHEDULED, **told}))]


def assert_dutch(finding: Finding) -> None:
    gettext = read_translations([Path(base.__file__).with_name("words")], "nl").gettext

    def translate(words: str) -> str:
        assert gettext(words) != words
        return gettext(words)

    assert isinstance(finding.message, base.Said)
    finding.message.by(translate)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("EventCancelled", "was cancelled"),
        ("https://schema.org/EventPostponed", "was postponed"),
        ("http://schema.org/EventRescheduled", "was rescheduled"),
    ],
)
def test_change_that_the_page_tells_of_is_found(desk: Desk, status: str, words: str) -> None:
    (finding,) = findings(desk, html({**SCHEDULED, "eventStatus": status}))
    assert finding.message == f"the event's page says that it {words}, the issue that it is confirmed"
    assert str(finding.place) == f"issues/{desk.slug}/{EVENT}:8:6, url"
    assert_dutch(finding)


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        ("2024-03-08T09:30:00+01:00", "2024-03-08 09:30"),
        ("2024-03-07T10:00", "2024-03-07 10:00"),
        ("2024-03-07T10:00:00Z", "2024-03-07 11:00"),
        ("2024-03-14", "2024-03-14"),
    ],
)
def test_other_start_is_found(desk: Desk, start: str, shown: str) -> None:
    (finding,) = findings(desk, html({**SCHEDULED, "startDate": start}))
    assert finding.message == f"the event's page says that it starts on {shown}"
    assert str(finding.place) == f"issues/{desk.slug}/{EVENT}:4:8, start"
    assert_dutch(finding)


@pytest.mark.parametrize(
    "told",
    [{"eventStatus": "EventMovedOnline"}, {"eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode"}],
)
def test_event_that_went_online_is_found(desk: Desk, told: dict[str, str]) -> None:
    (finding,) = findings(desk, html({**SCHEDULED, **told}))
    assert (
        finding.message == "the event's page says that it is online, the issue that it is at De Observant, Amersfoort"
    )
    assert_dutch(finding)
    desk.replace(EVENT, "place: De Observant, Amersfoort", "place: Online, via Teams")
    assert messages(desk, **told) == []


@pytest.mark.parametrize(
    "start",
    [
        *("2024-03-07T09:30:00+01:00", "2024-03-07T08:30:00Z", "2024-03-07T09:30", "2024-03-07 09:30:00"),
        *("2024-03-07", "2024-03-07T00:00:00+01:00", "2024-03-07T09:30:00Z", "donderdag 7 maart", None, 7),
    ],
)
def test_same_start_is_passed_over_however_it_is_written(desk: Desk, start: Any) -> None:
    assert messages(desk, startDate=start) == []


def test_hour_without_a_zone_is_one_of_the_newsletter_or_the_event(desk: Desk) -> None:
    desk.replace(EVENT, "time_zone: Europe/Amsterdam", "time_zone: Europe/London")
    assert messages(desk, startDate="2024-03-07T10:30") == []
    assert messages(desk, startDate="2024-03-07T09:30") == []
    assert len(messages(desk, startDate="2024-03-07T08:30")) == 1


def test_day_without_an_hour_is_held_against_the_day_here(desk: Desk) -> None:
    desk.replace(
        EVENT, "start: 2024-03-07 09:30\nend: 2024-03-07 16:30\ntime_zone: Europe/Amsterdam", "start: 2024-03-07"
    )
    assert messages(desk, startDate="2024-03-06T23:00:00Z") == []
    assert messages(desk, startDate="2024-03-07T09:30:00+01:00") == []
    assert len(messages(desk, startDate="2024-03-08T09:30:00+01:00")) == 1


def test_issue_that_says_it_itself_is_passed_over(desk: Desk) -> None:
    desk.replace(EVENT, "topics:", "status: cancelled\ntopics:")
    assert messages(desk, eventStatus="EventCancelled", startDate="2024-05-01") == []
    desk.replace(EVENT, "status: cancelled", "status: moved\nprevious_start: 2024-02-29 09:30")
    assert messages(desk, eventStatus="EventRescheduled") == []
    assert messages(desk, eventStatus="EventPostponed") == []
    assert len(messages(desk, eventStatus="EventCancelled")) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><p>Geannuleerd",
        html("{broken", {"@type": "WebPage", "name": "Studiedag"}),
        html({**SCHEDULED, "name": "Open huis", "startDate": "2024-05-01", "eventStatus": "EventCancelled"}),
        html(
            [{**SCHEDULED, "name": "Open huis", "eventStatus": "EventCancelled", "startDate": "2024-05-01"}, SCHEDULED]
        ),
        html({"@graph": [{**SCHEDULED, "startDate": f"2024-0{month}-07"} for month in (4, 5)]}),
    ],
)
def test_page_that_says_nothing_of_the_event_is_passed_over(desk: Desk, content: bytes) -> None:
    assert findings(desk, content) == []


def test_what_is_no_page_is_not_read(desk: Desk) -> None:
    cancelled = html({**SCHEDULED, "eventStatus": "EventCancelled"})
    assert findings(desk, cancelled, "application/pdf") == []
    assert desk.findings("event-status", fetched=None) == []


def test_pages_of_events_are_asked_for_whole_and_others_are_not(desk: Desk, tmp_path: Path) -> None:
    def script(request: Request) -> Answer:
        told = {"@graph": [{**SCHEDULED, "eventStatus": "EventCancelled"}, {"@type": "Event", "name": "Congres"}]}
        return Answer(html(told), headers={"content-type": "text/html"})

    async def work(pages: list[Page], host: str) -> Any:
        async with Fetcher(allow=frozenset({host})) as fetcher:
            cache = LinkCache(tmp_path / "links", datetime(2024, 2, 20, tzinfo=UTC))
            return await visit_pages(pages, fetcher, cache, "newsletter/1", Pace(pause=0))

    with serving(script) as server:
        desk.replace(EVENT, URL, f"{server.url}/studiedag/#programma")
        context = desk.context()
        pages = [Page(url, whole=True) for url in event_pages(context) if server.host in url]
        assert [page.url for page in pages] == [f"{server.url}/studiedag/"]
        fetched = asyncio.run(work(pages, server.host))
        assert [request.method for request in server.requests] == ["GET"]
        (finding,) = desk.findings("event-status", fetched=fetched)
        assert "was cancelled" in finding.message
