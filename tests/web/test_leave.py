"""Leaving by one click and by a page: exactly as RFC 8058 has it, and nothing by looking."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers import Act, history
from support.public_site import Stage

BODY = {"List-Unsubscribe": "One-Click"}
FORGED = "/leave/" + "A" * 44
BROWSER = {"sec-fetch-site": "same-origin", "origin": "null"}


def test_one_click_leaves_at_once_and_again_without_a_cookie_or_an_origin(stage: Stage) -> None:
    link = stage.link("jan", "unsubscribe")
    for _ in range(2):
        reply = stage.client.post(link, data=BODY)
        assert (reply.status_code, reply.headers.get("location"), reply.headers.get("set-cookie")) == (200, None, None)
    assert stage.status("jan") == "unsubscribed"
    assert stage.status("mia") == "subscribed"
    with stage.bench.database.reading() as connection:
        told = history(connection, stage.numbers["jan"])
    assert [(one.act, one.method.value, one.list) for one in told][1:] == [
        (Act.LEFT, "one click in the mail program", "leden")
    ]


@pytest.mark.parametrize(
    "headers", [{"user-agent": ""}, {"user-agent": "<odd>; \"'\\"}, {"origin": "https://mail.test"}]
)
def test_one_click_comes_in_parts_too_and_from_any_program(stage: Stage, headers: dict[str, str]) -> None:
    files = {"List-Unsubscribe": (None, "One-Click")}
    reply = stage.client.post(stage.link("mia", "unsubscribe"), files=files, headers=headers)
    assert reply.status_code == 200
    assert stage.status("mia") == "unsubscribed"


def test_one_click_is_taken_without_a_type_of_content(stage: Stage) -> None:
    request = stage.client.build_request(
        "POST", stage.link("kim", "unsubscribe"), content=b"List-Unsubscribe=One-Click"
    )
    request.headers.pop("content-type", None)
    assert stage.client.send(request).status_code == 200
    assert stage.status("kim") == "unsubscribed"


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "No"}, {"do": "erase"}])
def test_other_bodies_change_nothing(stage: Stage, body: dict[str, str]) -> None:
    before = stage.dump()
    assert stage.client.post(stage.link("jan", "unsubscribe"), data=body).status_code == 200
    assert stage.dump() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing(stage: Stage, method: str) -> None:
    before = stage.dump()
    reply = stage.client.request(method, stage.link("jan", "unsubscribe"))
    assert reply.status_code in (200, 405)
    assert stage.dump() == before


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", {}), ("POST", BODY), ("POST", {"do": "pause", "days": "30"}), ("POST", {"do": "link"})],
)
def test_a_token_that_nobody_made_gets_the_same_page(stage: Stage, method: str, body: dict[str, str]) -> None:
    known, unknown = (
        stage.client.request(method, link, data=body) for link in (stage.link("jan", "unsubscribe"), FORGED)
    )
    assert (unknown.status_code, unknown.text) == (known.status_code, known.text)


def test_the_page_after_leaving_differs_in_no_more_than_the_token_to_come_back_by(stage: Stage) -> None:
    link = stage.link("jan", "unsubscribe")
    known, unknown = (stage.client.post(path, data={"do": "leave"}) for path in (link, f"/leave/{'A' * len(link[7:])}"))
    assert known.status_code == unknown.status_code == 200
    assert len(known.text) == len(unknown.text)
    assert stage.client.post(way_back(unknown.text)).status_code == 200
    assert stage.status("jan") == "unsubscribed"


def way_back(html: str) -> str:
    return html.partition('action="')[2].partition('"')[0]


def test_a_leave_can_be_taken_back_for_an_hour(stage: Stage) -> None:
    stage.bench.clock.pass_by(days=1)
    html = stage.client.post(stage.link("jan", "unsubscribe"), data={"do": "leave"}, headers=BROWSER).text
    before = stage.dump()
    assert stage.client.get(way_back(html)).status_code == 200
    assert stage.dump() == before
    stage.bench.clock.pass_by(minutes=59)
    for _ in range(2):
        assert "opnieuw aangemeld" in stage.client.post(way_back(html), headers=BROWSER).text
    assert stage.status("jan") == "subscribed"


def test_nothing_is_taken_back_after_an_hour(stage: Stage) -> None:
    html = stage.client.post(stage.link("jan", "unsubscribe"), data={"do": "leave"}).text
    stage.bench.clock.pass_by(minutes=61)
    assert "niet meer" in stage.client.post(way_back(html)).text
    assert stage.status("jan") == "unsubscribed"


def test_a_reason_is_kept_with_the_leave(stage: Stage) -> None:
    link = stage.link("jan", "unsubscribe")
    stage.client.post(link, data={"do": "leave"})
    reply = stage.client.post(link, data={"do": "reason", "reason": "Te <b>vaak</b>\r\nvoor mij\0"})
    assert reply.status_code == 200
    with stage.bench.database.reading() as connection:
        assert history(connection, stage.numbers["jan"])[-1].detail == "Te <b>vaak</b> voor mij"


def test_a_pause_holds_until_its_day(stage: Stage) -> None:
    reply = stage.client.post(stage.link("jan", "unsubscribe"), data={"do": "pause", "days": "30"})
    assert "21 maart 2024" in reply.text
    with stage.bench.database.reading() as connection:
        until = connection.scalar(
            sa.select(tables.subscriptions.c.paused_until).where(
                tables.subscriptions.c.subscriber_id == stage.numbers["jan"]
            )
        )
    assert until == stage.bench.clock() + timedelta(days=30)
    assert stage.status("jan") == "subscribed"


def test_the_link_to_ones_own_page_is_mailed_and_not_shown(stage: Stage) -> None:
    reply = stage.client.post(stage.link("jan", "unsubscribe"), data={"do": "link"})
    assert "preferences/" not in reply.text
    assert "example.org" not in reply.text.replace("nieuwsbrief.example.org", "")
    assert stage.count("confirmations") == 1
