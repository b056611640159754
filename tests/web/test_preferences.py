"""A reader's own page: what is chosen is kept, what is wrong is said, and nobody else gets in."""

import json
from datetime import UTC, datetime

import pytest

from newsletter.subscribers import Act, Preferences, history, read_preferences
from support.public_site import Stage
from web.test_join import OWN

EVERYTHING = {
    "list-leden": "on",
    "frequency-leden": "maandelijks",
    "pause-leden": "2024-04-01",
    "list-agenda": "on",
    "topic": ["jeugd", "bestuur"],
    "first_name": "Jan <b>",
    "last_name": "de Vries",
    "language": "en",
    "region": "Noord",
    "member_since": "31-1-2020",
    "colleagues": "12,5",
    "meets": "true",
    "tracking": "on",
}


def chosen(stage: Stage, name: str) -> Preferences:
    with stage.bench.database.reading() as connection:
        found = read_preferences(connection, stage.numbers[name], stage.there.definitions)
    assert found is not None
    return found


def test_everything_that_is_chosen_is_kept_and_shown_again(stage: Stage) -> None:
    page = stage.link("jan", "preferences")
    assert stage.client.get(page).status_code == 200
    reply = stage.client.post(page, data=EVERYTHING, headers=OWN)
    assert reply.status_code == 200
    assert 'role="status"' in reply.text
    found = chosen(stage, "jan")
    assert (found.lists["leden"].frequency, found.lists["agenda"].subscribed) == ("maandelijks", True)
    assert found.lists["leden"].paused_until == datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert (found.topics, found.values["colleagues"], found.values["meets"]) == ({"jeugd", "bestuur"}, 12.5, True)
    assert found.tracking == stage.bench.clock()
    html = stage.client.get(page).text
    assert '<html lang="en"' in html
    for shown in (
        'value="Jan &lt;b&gt;"',
        'value="2024-04-01"',
        'value="2020-01-31"',
        "<option selected>Noord</option>",
    ):
        assert shown in html
    with stage.bench.database.reading() as connection:
        acts = [one.act for one in history(connection, stage.numbers["jan"])]
    assert {Act.JOINED, Act.CHOSE, Act.CORRECTED, Act.TRACKING_ALLOWED} <= set(acts)


def test_saving_what_stands_changes_nothing(stage: Stage) -> None:
    page = stage.link("jan", "preferences")
    stage.client.post(page, data=EVERYTHING, headers=OWN)
    before = stage.dump()
    stage.client.post(page, data=EVERYTHING, headers=OWN)
    assert stage.dump() == before


def test_leaving_a_list_there_takes_effect_and_leaves_the_rest(stage: Stage) -> None:
    page = stage.link("jan", "preferences")
    stage.client.post(page, data=EVERYTHING, headers=OWN)
    stage.client.post(page, data={**EVERYTHING, "list-leden": []}, headers=OWN)
    assert (stage.status("jan"), stage.status("jan", "agenda")) == ("unsubscribed", "subscribed")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pause-leden", "2024-01-01"),
        ("pause-leden", "morgen"),
        ("region", "Nergens"),
        ("member_since", "31-31-2020"),
        ("colleagues", "veel"),
        ("meets", "soms"),
        ("first_name", "x" * 101),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(stage: Stage, field: str, value: str) -> None:
    before = stage.dump()
    reply = stage.client.post(stage.link("jan", "preferences"), data={**EVERYTHING, field: value}, headers=OWN)
    assert reply.status_code == 422
    assert f'id="{field}-error"' in reply.text
    assert f'href="#{field}"' in reply.text
    assert 'value="de Vries"' in reply.text
    assert stage.dump() == before


def test_what_is_not_for_readers_to_change_stays(stage: Stage) -> None:
    fields = {**EVERYTHING, "role": "bestuurder", "list-intern": "on", "email": "evil@example.org", "topic": "geheim"}
    stage.client.post(stage.link("jan", "preferences"), data=fields, headers=OWN)
    assert stage.status("jan", "intern") is None
    assert "bestuurder" not in str(stage.dump()["subscribers"])
    assert chosen(stage, "jan").topics == frozenset()


@pytest.mark.parametrize("path", ["", "/address", "/erase"])
def test_a_page_of_another_site_changes_nothing(stage: Stage, path: str) -> None:
    before = stage.dump()
    reply = stage.client.post(
        stage.link("jan", "preferences") + path, data=EVERYTHING, headers={"sec-fetch-site": "cross-site"}
    )
    assert reply.status_code == 403
    assert stage.dump() == before


def test_all_that_is_kept_is_shown_and_may_be_taken_along(stage: Stage) -> None:
    page = stage.link("jan", "preferences")
    stage.client.post(page, data=EVERYTHING, headers=OWN)
    stage.send()
    html = stage.client.get(f"{page}/data").text
    for shown in ("jan@example.org", "Jan &lt;b&gt;", "Noord", "2024-02-20-nieuwsbrief-12", "allowed tracking"):
        assert shown in html
    reply = stage.client.get(f"{page}/data.json")
    assert reply.headers["content-disposition"].startswith("attachment")
    assert json.loads(reply.text)["values"]["region"] == "Noord"


def test_who_asks_to_be_erased_is_gone_and_the_link_leads_to_nothing(stage: Stage) -> None:
    page = stage.link("jan", "preferences")
    before = stage.dump()
    assert stage.client.get(f"{page}/erase").status_code == 200
    assert stage.dump() == before
    assert stage.client.post(f"{page}/erase", headers=OWN).status_code == 200
    assert "jan@example.org" not in str(stage.dump())
    assert stage.count("suppressions") == 1
    for path in ("", "/data", "/data.json", "/address", "/erase"):
        assert stage.client.get(page + path).status_code == 404
    assert stage.client.post(page, data=EVERYTHING, headers=OWN).status_code == 404
    assert stage.client.post(stage.link("jan", "unsubscribe"), data={"do": "leave"}).status_code == 200


@pytest.mark.parametrize("email", ["jan@example.org", "nobody@example.org", "JAN@EXAMPLE.ORG"])
def test_the_link_is_mailed_with_the_same_answer_for_all(stage: Stage, email: str) -> None:
    reply = stage.client.post("/link", data={"email": email}, headers=OWN)
    other = stage.client.post("/link", data={"email": "other@example.org"}, headers=OWN)
    assert (reply.status_code, reply.text) == (200, other.text)
    assert stage.count("confirmations") == (0 if "nobody" in email else 1)


def test_a_new_address_that_is_none_is_said_at_its_field(stage: Stage) -> None:
    reply = stage.client.post(stage.link("jan", "preferences") + "/address", data={"email": "jan@"}, headers=OWN)
    assert reply.status_code == 422
    assert 'aria-describedby="email-hint email-error" aria-invalid="true"' in reply.text
