"""Tokens: a flipped bit, another purpose or another list opens nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.public_site import Stage
from web.test_join import OWN, ask

LEAVE = {"List-Unsubscribe": "One-Click"}


def flipped(token: str, bit: int) -> str:
    content = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    place = bit % (len(content) * 8)
    content[place // 8] ^= 1 << (place % 8)
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bit=st.integers(min_value=0, max_value=2000))
def test_one_flipped_bit_leaves_nothing_of_a_token(stage: Stage, bit: int) -> None:
    leave, page = (stage.link("jan", kind) for kind in ("unsubscribe", "preferences"))
    assert stage.client.post("/leave/" + flipped(leave.split("/")[2], bit), data=LEAVE).status_code == 200
    assert stage.status("jan") == "subscribed"
    assert stage.client.get("/preferences/" + flipped(page.split("/")[2], bit)).status_code == 404


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_whatever_stands_in_the_place_of_a_token_is_answered_in_order(stage: Stage, token: str) -> None:
    for path, expected in (("leave", 200), ("preferences", 404), ("confirm", 410), ("return", 200)):
        assert stage.client.get(f"/{path}/{quote(token)}").status_code in (expected, 404)


def test_a_token_is_good_for_one_thing_alone(stage: Stage) -> None:
    ask(stage, "new@example.org")
    left = stage.client.post(stage.link("kim", "unsubscribe"), data={"do": "leave"}).text
    tokens = {
        "leave": stage.link("jan", "unsubscribe").split("/")[2],
        "preferences": stage.link("jan", "preferences").split("/")[2],
        "confirm": stage.confirm_link().split("/")[2],
        "return": left.partition('action="/return/')[2].partition('"')[0],
    }
    before = stage.dump()
    for purpose, token in tokens.items():
        for path in tokens:
            if path == purpose:
                continue
            body = {**LEAVE, "do": "leave", "list-leden": "on"}
            reply = stage.client.post(f"/{path}/{token}", data=body, headers=OWN)
            assert reply.status_code in (200, 404, 410)
            assert "jan@example.org" not in reply.text
    assert stage.dump() == before


def test_the_link_to_leave_by_reads_and_changes_nothing_of_the_persons_own_page(stage: Stage) -> None:
    token = stage.link("jan", "unsubscribe").split("/")[2]
    before = stage.dump()
    for path in ("", "/data", "/data.json", "/address", "/erase"):
        for method in ("GET", "POST"):
            reply = stage.client.request(method, f"/preferences/{token}{path}", headers=OWN)
            assert reply.status_code in (404, 405)
    assert stage.dump() == before


def test_the_link_of_one_list_leaves_no_other(stage: Stage) -> None:
    stage.bench.subscribe(["jan"], to="agenda")
    stage.client.post(stage.link("jan", "unsubscribe", "agenda"), data=LEAVE)
    assert (stage.status("jan"), stage.status("jan", "agenda")) == ("subscribed", "unsubscribed")


def test_links_that_an_older_key_made_work_for_as_long_as_it_is_kept(stage: Stage) -> None:
    from newsletter.tokens import Signer

    link = stage.link("jan", "unsubscribe")
    keys = (b"a new secret of thirty-two letters", b"a secret of thirty-two characters")
    object.__setattr__(stage.there, "signer", Signer.of(keys))
    stage.client.post(link, data=LEAVE)
    assert stage.status("jan") == "unsubscribed"


@pytest.mark.parametrize("kind", ["unsubscribe", "preferences"])
def test_no_link_holds_an_address(stage: Stage, kind: str) -> None:
    assert "jan" not in stage.link("jan", kind)
    assert "@" not in stage.link("jan", kind)
