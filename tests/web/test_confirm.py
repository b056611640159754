"""Confirming: a button, again if need be, and an offer to those who come too late."""

import pytest

from newsletter.subscribers import Act, Method, history
from support.public_site import Stage
from web.test_join import OWN, ask

FORGED = "/confirm/" + "A" * 28


def test_looking_changes_nothing_and_the_button_does_again_and_again(stage: Stage) -> None:
    ask(stage, "new@example.org", first_name="Noor", topic="jeugd")
    before = stage.dump()
    for method in ("GET", "HEAD"):
        assert stage.client.request(method, stage.confirm_link()).status_code == 200
    assert stage.dump() == before
    first, second = (stage.client.post(stage.confirm_link(), headers=OWN) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert "/preferences/" in first.text
    assert "/preferences/" not in second.text
    assert stage.status("new") == "subscribed"
    with stage.bench.database.reading() as connection:
        (joined,) = history(connection, 4)
    assert (joined.act, joined.method, joined.list, joined.language) == (Act.JOINED, Method.CONFIRMED, "leden", "nl")
    assert joined.requested_at == joined.at
    assert joined.text == "Ik ontvang de nieuwsbrief graag, ongeveer eens per twee weken."


def test_a_mail_is_spoken_of_in_its_own_language(stage: Stage) -> None:
    ask(stage, "new@example.org", "/join/leden?language=en")
    html = stage.client.get(stage.confirm_link(), headers={"accept-language": "nl"}).text
    assert '<html lang="en"' in html
    assert "Yes, subscribe me" in html


def test_who_comes_too_late_is_offered_to_ask_again(stage: Stage) -> None:
    ask(stage, "new@example.org")
    link = stage.confirm_link()
    stage.bench.clock.pass_by(days=8)
    before = stage.dump()
    for method in ("GET", "POST"):
        reply = stage.client.request(method, link, headers=OWN)
        assert reply.status_code == 410
        assert 'href="/join/leden"' in reply.text
    assert stage.dump() == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_nobody_made_is_one_that_has_expired(stage: Stage, method: str) -> None:
    assert stage.client.request(method, FORGED, headers=OWN).status_code == 410


def test_a_new_address_is_confirmed_at_the_new_one_and_the_old_one_is_told(stage: Stage) -> None:
    page = stage.link("jan", "preferences")
    stage.client.post(f"{page}/address", data={"email": "new@example.org"}, headers=OWN)
    assert stage.status("jan") == "subscribed"
    assert "new@example.org" in stage.client.get(stage.confirm_link("address")).text
    assert stage.client.post(stage.confirm_link("address"), headers=OWN).status_code == 200
    assert (stage.status("jan"), stage.status("new")) == (None, "subscribed")
    with stage.bench.database.reading() as connection:
        assert history(connection, stage.numbers["jan"])[-1].act is Act.ADDRESS
    # The old address is told of it by a mail that has nothing to confirm.
    assert stage.client.post(stage.confirm_link("moved"), headers=OWN).status_code == 410


def test_the_mail_with_the_link_to_ones_page_confirms_nothing(stage: Stage) -> None:
    stage.client.post("/link", data={"email": "jan@example.org"}, headers=OWN)
    assert stage.count("confirmations") == 1
    assert stage.client.get(stage.confirm_link("link")).status_code == 410


def test_a_page_of_another_site_confirms_nothing(stage: Stage) -> None:
    ask(stage, "new@example.org")
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.test"}):
        assert stage.client.post(stage.confirm_link(), headers=headers).status_code == 403
    assert stage.status("new") is None
