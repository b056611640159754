"""What a page says of events is read however it is put, and nothing that it may hold stops a check."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.links import PageEvent, event_among, events_of

DAY = date(2024, 3, 7)
LOCAL = datetime(2024, 3, 7, 9, 30, tzinfo=UTC).replace(tzinfo=None)
NONE = frozenset[str]()


def page(*data: Any, kind: str = "application/ld+json") -> str:
    scripts = "".join(
        f'<script type="{kind}">{one if isinstance(one, str) else json.dumps(one)}</script>' for one in data
    )
    return f"<!doctype html><html><head><script>var a = '<b>';</script>{scripts}</head><body><p>x</body></html>"


def event(**more: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "Event", "name": "Studiedag", **more}


@pytest.mark.parametrize(
    "data",
    [
        event(),
        [{"@type": "WebPage"}, event()],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, event()]},
        {"@type": "WebPage", "mainEntity": event()},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": event()}]},
        event(**{"@type": "EducationEvent"}),
        event(**{"@type": ["Thing", "https://schema.org/BusinessEvent"]}),
        event(**{"@type": "schema:Event"}),
        event(name=["Studiedag"]),
        event(name={"@value": " Studie\ndag ".replace("\n", "")}),
        "<!-- " + json.dumps(event()) + " -->",
        "//<![CDATA[\n" + json.dumps(event()) + "\n//]]>",
        json.dumps(event(description="x")).replace("x", "een\nregel"),
    ],
)
def test_events_are_found_wherever_they_stand(data: Any) -> None:
    assert [one.name for one in events_of(page(data))] == ["Studiedag"]


def test_type_of_the_script_is_read_as_browsers_do() -> None:
    assert len(events_of(page(event(), kind="Application/LD+JSON; charset=utf-8"))) == 1
    assert events_of(page(event(), kind="application/json")) == ()
    assert events_of(page(event(), event())) == events_of(page(event()))


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>Een studiedag.",
        page("{broken"),
        page("{" * 100_000),
        page("[" * 100_000),
        page("1" * 10_000),
        page('"Event"'),
        page({"@type": "Article", "name": "Event"}),
        page({"@type": "EventSeries", "name": "Reeks"}),
        page({"@type": {"@id": 3}}),
        "<![odd[ x ]]>" + page({"@type": "Article"}),
    ],
)
def test_page_without_events_gives_none(html: str) -> None:
    assert events_of(html) == ()


def test_broken_data_do_not_hide_others() -> None:
    assert len(events_of(page("{broken", event()))) == 1


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("2024-03-07", DAY),
        ("2024-03-07T00:00:00", DAY),
        ("2024-03-07T00:00:00+01:00", DAY),
        ("2024-03-07T09:30", LOCAL),
        ("2024-03-07 09:30", LOCAL),
        ("2024-03-07T08:30:00.000Z", datetime(2024, 3, 7, 8, 30, tzinfo=UTC)),
        ("2024-03-07T09:30:00+01:00", datetime(2024, 3, 7, 9, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("7 maart 2024", None),
        ("2024-03", None),
        ("", None),
        (20240307, None),
        (None, None),
    ],
)
def test_start_is_read_where_it_is_a_day_or_a_moment(written: Any, start: date | datetime | None) -> None:
    (found,) = events_of(page(event(startDate=written)))
    assert found.start == start


@pytest.mark.parametrize(
    "status", ["EventCancelled", "https://schema.org/EventCancelled", {"@id": "http://schema.org/EventCancelled"}]
)
def test_status_is_read_in_all_its_forms(status: Any) -> None:
    assert [one.status for one in events_of(page(event(eventStatus=status)))] == ["EventCancelled"]


def told(name: str, day: int | None = 7, *urls: str) -> PageEvent:
    return PageEvent(name, date(2024, 3, day) if day else None, "", "", frozenset(urls))


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([], None),
        ([told("De studiedag ondermijning", 20)], 0),
        ([told("", 20)], 0),
        ([told("Heel iets anders", 20)], None),
        ([told("Heel iets anders", 7)], 0),
        ([told("Heel iets anders", 20, "https://example.org/a")], 0),
        ([told("Congres", 7), told("STUDIEDAG", 20)], 1),
        ([told("Congres", 20), told("Workshop", 7)], 1),
        ([told("Congres", 20), told("Workshop", 21)], None),
        ([told("Congres", 7), told("Workshop", 7)], None),
        ([told("Studiedag", 20), told("Studiedag", 7)], 1),
        ([told("Studiedag", 20), told("Studiedag", 21)], None),
        ([told("Studiedag", None), told("Congres", 7)], 0),
    ],
)
def test_event_is_known_by_its_name_or_its_day(events: list[PageEvent], found: int | None) -> None:
    expected = None if found is None else events[found]
    assert event_among(events, "Studiedag", DAY, frozenset({"https://example.org/a"})) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("Event"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@type", "@graph", "@id", "@value", "name", "startDate", "eventStatus", "url", "item"]),
            inner,
        )
    ),
)


@given(data=values)
def test_whatever_the_data_hold_they_are_read(data: Any) -> None:
    for one in events_of(page(data)):
        assert isinstance(one.name, str)
        event_among([one], "Studiedag", DAY, NONE)


@given(html=st.text(alphabet=st.sampled_from("<>/!-[] ={}\":@scriptypeld+jonEv'"), max_size=80))
def test_any_text_can_be_looked_at(html: str) -> None:
    assert isinstance(events_of(html), tuple)
