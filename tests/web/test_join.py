"""Joining: the same answer for everybody, tied errors, and hard to use against others."""

import statistics
from time import perf_counter

import pytest
import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers import Method, history, leave
from newsletter.web.answering import BEAT_SECONDS
from support.dispatching import Bench
from support.public_site import Stage, staged

OWN = {"sec-fetch-site": "same-origin"}
LATER = 5


def stamp_of(stage: Stage, path: str = "/join/leden") -> str:
    html = stage.client.get(path).text
    return html.partition('name="stamp" value="')[2].partition('"')[0]


def ask(stage: Stage, email: str, path: str = "/join/leden", **fields: str) -> tuple[int, str]:
    """Fill in the form as a person does."""
    stamp = stamp_of(stage, path)
    stage.bench.clock.pass_by(seconds=LATER)
    reply = stage.client.post(path, data={"email": email, "stamp": stamp, **fields}, headers=OWN)
    return reply.status_code, reply.text


@pytest.fixture
def known(stage: Stage) -> dict[str, str]:
    """People of every kind: new, subscribed, gone, not to be mailed, and with a mail under way."""
    with stage.bench.database.writing() as connection:
        leave(connection, stage.numbers["mia"], None, Method.PAGE, stage.bench.clock())
        hashed = stage.there.signer.hash_address("complains@example.org")
        row = {"address_hash": hashed, "reason": "complained", "created_at": stage.bench.clock()}
        connection.execute(sa.insert(tables.suppressions).values(row))
    ask(stage, "waiting@example.org")
    return {name: f"{name}@example.org" for name in ("new", "jan", "mia", "complains", "waiting")}


def test_everybody_gets_the_same_answer(stage: Stage, known: dict[str, str]) -> None:
    replies = {name: ask(stage, email) for name, email in known.items()}
    told = {name: (status, html.replace(known[name], "(address)")) for name, (status, html) in replies.items()}
    assert len(set(told.values())) == 1, told
    assert next(iter(told.values()))[0] == 200


def test_the_same_is_asked_of_the_database_for_everybody_who_has_no_mail_under_way(
    stage: Stage, known: dict[str, str]
) -> None:
    asked: list[str] = []
    sa.event.listen(stage.bench.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    told: dict[str, list[str]] = {}
    for name in ("new", "jan", "mia", "complains"):
        asked.clear()
        ask(stage, known[name])
        told[name] = list(asked)
    assert told["new"]
    assert told["new"] == told["jan"] == told["mia"] == told["complains"]


def test_answers_come_at_the_same_beat_for_everybody(bench: Bench) -> None:
    def seconds(stage: Stage, email: str) -> float:
        stamp = stamp_of(stage)
        stage.bench.clock.pass_by(seconds=LATER)
        began = perf_counter()
        stage.client.post("/join/leden", data={"email": email, "stamp": stamp}, headers=OWN)
        return perf_counter() - began

    with staged(bench, ("jan",), beat=BEAT_SECONDS) as stage:
        ask(stage, "waiting@example.org")
        # Each one on the first beat or, where the machine is busy, a later one; what is left over tells of nobody.
        left_over = {
            name: statistics.median(seconds(stage, f"{name}@example.org") % BEAT_SECONDS for _ in range(3))
            for name in ("new", "jan", "waiting")
        }
    assert max(left_over.values()) < BEAT_SECONDS / 2, left_over


def test_nobody_is_subscribed_by_a_form_alone(stage: Stage) -> None:
    assert ask(stage, "new@example.org")[0] == 200
    assert stage.status("new") is None
    with stage.bench.database.reading() as connection:
        row = connection.execute(sa.select(tables.confirmations)).one()
        text = connection.scalar(sa.select(tables.consent_texts.c.text))
    assert (row.address, row.language, row.network) == ("new@example.org", "nl", None)
    assert row.mail_due == stage.bench.clock()
    assert text == "Ik ontvang de nieuwsbrief graag, ongeveer eens per twee weken."


def test_a_list_that_says_so_takes_somebody_new_at_once_and_nobody_else(stage: Stage) -> None:
    for name in ("new", "jan"):
        assert ask(stage, f"{name}@example.org", "/join/agenda")[0] == 200
    assert stage.status("new", "agenda") == "subscribed"
    assert stage.status("jan", "agenda") is None


def test_several_lists_and_topics_are_asked_for_at_once(stage: Stage) -> None:
    stamp = stamp_of(stage, "/join")
    stage.bench.clock.pass_by(seconds=LATER)
    fields = {
        "email": "new@example.org",
        "stamp": stamp,
        "list": ["leden", "agenda", "intern"],
        "topic": ["jeugd", "x"],
    }
    assert stage.client.post("/join?language=en", data=fields, headers=OWN).status_code == 200
    with stage.bench.database.reading() as connection:
        row = connection.execute(sa.select(tables.confirmations)).one()
    assert '"lists": ["leden", "agenda"], "topics": ["jeugd"]' in row.wish
    assert row.language == "en"


@pytest.mark.parametrize("path", ["/join/intern", "/join/nothing", "/join/intern/embed"])
def test_nobody_joins_a_list_that_is_not_public(stage: Stage, path: str) -> None:
    assert stage.client.get(path).status_code == 404
    assert stage.client.post(path, data={"email": "new@example.org"}).status_code == 404


@pytest.mark.parametrize("email", ["", "jan", "jan@", "a@b@c", "<script>@example.org", "x" * 300 + "@example.org"])
def test_what_is_wrong_is_said_at_its_field_and_what_was_entered_stays(stage: Stage, email: str) -> None:
    before = stage.dump()
    status, html = ask(stage, email, first_name='"><script>alert(1)</script>')
    assert status == 422
    assert 'aria-describedby="email-error" aria-invalid="true"' in html
    assert '<div class="summary" role="alert" tabindex="-1" autofocus>' in html
    assert "<script" not in html
    assert "&#34;&gt;&lt;script&gt;" in html
    assert stage.dump() == before


def test_a_choice_that_is_missing_is_said_at_the_lists(stage: Stage) -> None:
    status, html = ask(stage, "new@example.org", "/join")
    assert status == 422
    assert 'id="list-error"' in html


def test_programs_that_fill_in_everything_get_the_same_answer_for_nothing(stage: Stage) -> None:
    person = ask(stage, "new@example.org")
    before = stage.dump()
    program = ask(stage, "new@example.org", website="https://spam.test")
    assert program == person
    assert stage.dump() == before


@pytest.mark.parametrize("seconds", [0, 1, 90_000])
def test_who_is_too_quick_or_too_late_presses_the_button_once_more(stage: Stage, seconds: int) -> None:
    stamp = stamp_of(stage)
    stage.bench.clock.pass_by(seconds=seconds)
    reply = stage.client.post("/join/leden", data={"email": "new@example.org", "stamp": stamp}, headers=OWN)
    assert 'value="new@example.org"' in reply.text
    assert stage.count("confirmations") == 0


@pytest.mark.parametrize("headers", [{}, {"origin": "https://elsewhere.test", "sec-fetch-site": "cross-site"}])
def test_a_form_of_another_site_leads_to_ours_filled_in(stage: Stage, headers: dict[str, str]) -> None:
    reply = stage.client.post("/join/leden", data={"email": "new@example.org", "first_name": "Noor"}, headers=headers)
    assert reply.status_code == 200
    assert 'value="Noor"' in reply.text
    assert stage.count("confirmations") == 0


def test_a_page_of_another_site_cannot_use_a_stamp_that_it_was_given(stage: Stage) -> None:
    stamp = stamp_of(stage)
    stage.bench.clock.pass_by(seconds=LATER)
    headers = {"origin": "https://elsewhere.test", "sec-fetch-site": "cross-site"}
    stage.client.post("/join/leden", data={"email": "new@example.org", "stamp": stamp}, headers=headers)
    assert stage.count("confirmations") == 0


def test_a_site_that_is_named_may_show_the_form_and_send_its_own(bench: Bench) -> None:
    with staged(bench, embedded_in=("https://www.example.org",)) as stage:
        framed = stage.client.get("/join/leden/embed")
        assert "frame-ancestors https://www.example.org" in framed.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in stage.client.get("/join/leden").headers["content-security-policy"]
        headers = {"origin": "https://www.example.org", "sec-fetch-site": "cross-site"}
        reply = stage.client.post("/join/leden", data={"email": "new@example.org"}, headers=headers)
        assert reply.status_code == 200
        assert stage.count("confirmations") == 1


def test_nobody_frames_the_form_where_no_site_is_named(stage: Stage) -> None:
    assert "frame-ancestors 'none'" in stage.client.get("/join/leden/embed").headers["content-security-policy"]


def test_a_mailbox_cannot_be_filled(stage: Stage) -> None:
    for _ in range(4):
        assert ask(stage, "new@example.org")[0] == 200
    assert stage.count("confirmations") == 1
    stage.bench.clock.pass_by(days=2)
    ask(stage, "new@example.org")
    assert stage.count("confirmations") == 2


@pytest.mark.parametrize(
    ("settings", "addresses", "asked"),
    [
        ({"joins_per_address": 2}, ["198.51.100.1"] * 4, 2),
        ({"joins_per_network": 2}, ["198.51.100.1", "198.51.100.2", "198.51.100.3", "203.0.113.1"], 3),
        ({"joins_per_network": 1}, ["2001:db8:0:1::1", "2001:db8:0:ff::2", "2001:db8:0:100::1"], 2),
        ({"joins_per_list": 2}, ["198.51.100.1", "203.0.113.1", "192.0.2.1"], 2),
        ({"joins_in_total": 1}, ["198.51.100.1", "203.0.113.1"], 1),
    ],
)
def test_too_many_from_one_place_or_for_one_list_have_to_wait(
    bench: Bench, settings: dict[str, int], addresses: list[str], asked: int
) -> None:
    with staged(bench, proxies=("127.0.0.1", "::1"), **settings) as stage:
        stage.client._transport.client = ("127.0.0.1", 50000)  # type: ignore[attr-defined]
        for number, address in enumerate(addresses):
            stamp = stamp_of(stage)
            bench.clock.pass_by(seconds=LATER)
            reply = stage.client.post(
                "/join/leden",
                data={"email": f"new{number}@example.org", "stamp": stamp},
                headers={**OWN, "x-forwarded-for": address},
            )
            assert reply.status_code in (200, 429)
            assert (reply.status_code == 429) == ("retry-after" in reply.headers)
        assert stage.count("confirmations") == asked


def test_where_somebody_joins_from_is_kept_as_the_settings_say(bench: Bench) -> None:
    with staged(bench) as stage:
        private = stage.there.settings.privacy.model_copy(update={"networks": "shortened"})
        object.__setattr__(stage.there, "settings", stage.there.settings.model_copy(update={"privacy": private}))
        stage.client._transport.client = ("198.51.100.77", 50000)  # type: ignore[attr-defined]
        ask(stage, "new@example.org")
        stage.client.post(stage.confirm_link(), headers=OWN)
        with bench.database.reading() as connection:
            number = connection.scalar(sa.select(tables.subscribers.c.id))
            assert history(connection, number or 0)[0].network == "198.51.100.0/24"
