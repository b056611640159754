"""What addresses have to confirm is mailed: once, again where it was refused for now, and no more than once a day."""

from datetime import timedelta

import pytest

from newsletter.dispatch.confirmation import survey
from newsletter.dispatch.confirmation.waiting import IN_DOUBT
from newsletter.errors import ProviderError
from newsletter.subscribers import Answer, Kind, confirm
from support.confirming import Desk, text_of
from support.example import parse
from support.scripted import scripted_server
from support.smtp_server import DROP, Script


def token(text: str, page: str) -> str:
    return text.partition(f"/{page}/")[2].partition(">")[0]


def test_who_asks_gets_one_mail_and_its_link_confirms(desk: Desk) -> None:
    desk.ask("sanne")
    with scripted_server(Script()) as server:
        sending = desk.through(server.port)
        assert sending.mail().counts == {"accepted": 1}
        assert not sending.mail().taken
    (message,) = server.messages
    assert message.recipient == "TO:<sanne@example.org>"
    payload = desk.signer.verify("confirm", token(text_of(parse(message.content)), "confirm"))
    assert payload is not None
    with desk.database.writing() as connection:
        hashes = desk.signer.address_hashes
        assert confirm(connection, int(payload), desk.definitions, hashes, desk.clock())[0] is Answer.DONE
    row = desk.row()
    assert (row.mail_due, row.mailed_at, row.attempts, row.doubts) == (None, desk.clock(), 1, 1)


def test_refused_for_now_it_is_tried_again_ever_later_with_the_same_bytes(desk: Desk) -> None:
    desk.ask("sanne")
    busy = "451 4.3.0 <sanne@example.org> later"
    gaps = []
    with scripted_server(Script({"END": [busy, busy, busy]})) as server:
        sending = desk.through(server.port)
        for _ in range(3):
            assert sending.mail().counts == {"deferred": 1}
            row = desk.row()
            assert (row.mailed_at, row.doubts) == (None, 0)
            assert "sanne" not in row.reply
            gaps.append(row.mail_due - desk.clock())
            assert not sending.mail().taken
            desk.clock.moment = row.mail_due
        assert sending.mail().counts == {"accepted": 1}
    assert gaps == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert [one.recipient for one in server.messages] == ["TO:<sanne@example.org>"]


def test_it_is_given_up_when_it_lapses(desk: Desk) -> None:
    desk.ask("sanne")
    with scripted_server(Script({"RCPT": ["450 4.2.0 later"] * 100})) as server:
        sending = desk.through(server.port)
        while desk.row().mail_due is not None:
            desk.clock.moment = desk.row().mail_due
            sending.mail()
    assert desk.row().expires_at - desk.clock() <= timedelta(hours=4)
    assert 30 < len([line for line in server.commands if line.startswith("RCPT")]) < 60


def test_refused_for_good_it_stops_and_the_reply_is_kept_without_the_address(desk: Desk) -> None:
    desk.ask("sanne")
    with scripted_server(Script({"RCPT": "550 5.1.1 <sanne@example.org>: no such user"})) as server:
        assert desk.through(server.port).mail().counts == {"rejected": 1}
    row = desk.row()
    assert (row.mail_due, row.mailed_at) == (None, None)
    assert row.reply == "550 5.1.1 <(address)>: no such user"
    with desk.database.reading() as connection:
        assert survey(connection, desk.clock())[Kind.JOIN].failed == 1


def test_lost_reply_has_it_mailed_once_more_and_no_more_than_that(desk: Desk) -> None:
    desk.ask("sanne")
    with scripted_server(Script({"END": [DROP] * 9})) as server:
        sending = desk.through(server.port)
        assert sending.mail().counts == {"uncertain": 1}
        assert desk.row().mail_due == desk.clock() + IN_DOUBT
        desk.clock.pass_by(minutes=16)
        assert sending.mail().counts == {"uncertain": 1}
        assert desk.row().mail_due is None
        desk.clock.pass_by(days=2)
        assert not sending.mail().taken
        assert server.times["END"] == 2
    first, second = server.messages
    assert first.content == second.content


def test_provider_that_refuses_us_costs_nobody_an_attempt(desk: Desk) -> None:
    desk.ask("sanne")
    with scripted_server(Script({"MAIL": ["550 5.7.1 you are not welcome"]})) as server:
        sending = desk.through(server.port)
        with pytest.raises(ProviderError):
            sending.mail()
        assert (desk.row().mail_due, desk.row().attempts) == (desk.clock(), 0)
        assert sending.mail().counts == {"accepted": 1}


@pytest.mark.parametrize("passed", [timedelta(days=7), timedelta(days=30)])
def test_what_has_lapsed_is_not_mailed(desk: Desk, passed: timedelta) -> None:
    desk.ask("sanne")
    desk.clock.moment += passed
    assert not desk.mail().taken
    assert desk.row().mail_due is None


def test_nobody_gets_two_of_a_kind_in_a_day_however_many_are_asked_for(desk: Desk) -> None:
    person = desk.person("jan")
    for _ in range(3):
        desk.want(Kind.ADDRESS, "doel", person)
    desk.want(Kind.LINK, "jan", person)
    assert desk.mail().counts == {"accepted": 2, "postponed": 2}
    assert len(desk.outbox()) == 2
    desk.clock.pass_by(hours=23, minutes=59)
    assert desk.mail().counts == {}
    desk.clock.pass_by(minutes=1)
    assert desk.mail().counts == {"accepted": 1, "postponed": 1}
    mails = sorted(str(message["To"]) for message in desk.outbox())
    assert mails == ["doel@example.org", "doel@example.org", "jan@example.org"]


def test_one_that_was_used_makes_room_for_the_next(desk: Desk) -> None:
    desk.ask("sanne")
    desk.mail()
    with desk.database.writing() as connection:
        confirm(connection, desk.row().id, desk.definitions, desk.signer.address_hashes, desk.clock())
    desk.clock.pass_by(minutes=1)
    desk.ask("sanne")
    assert desk.mail().counts == {"accepted": 1}


def test_link_goes_only_to_the_address_that_the_person_still_has(desk: Desk) -> None:
    desk.want(Kind.LINK, "vroeger", desk.person("jan"))
    assert desk.mail().counts == {"void": 1}
    assert not desk.outbox()
    assert desk.row().reply == "the person has another address now"


def test_no_mail_for_lists_that_are_gone(desk: Desk) -> None:
    desk.ask("sanne")
    assert desk.with_lists().mail().counts == {"void": 1}
    assert desk.row().mail_due is None


def test_limits_of_speed_hold_and_keep_nobody_elses_mail(desk: Desk) -> None:
    with desk.workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write('\n[limits.domains."example.org"]\nper_minute = 1\n')
    for name in ("een@example.org", "twee@example.org", "drie@example.net"):
        desk.ask(name)
    with scripted_server(Script()) as server:
        sending = desk.through(server.port)
        assert sending.mail().counts == {"accepted": 2, "postponed": 1}
        waiting = next(row for row in desk.rows() if row.mail_due)
        assert timedelta(seconds=30) < waiting.mail_due - desk.clock() < timedelta(seconds=90)
        assert waiting.attempts == 0
        assert "TO:<drie@example.net>" in [one.recipient for one in server.messages]


def test_mail_that_a_server_finds_too_fast_slows_everybody_down(desk: Desk) -> None:
    from newsletter.dispatch.pacing import Buckets, Rules

    desk.ask("sanne")
    with scripted_server(Script({"END": ["421 4.7.28 unusual rate of mail"]})) as server:
        sending = desk.through(server.port)
        sending.mail()
    settings = sending.surroundings.settings
    standing = Buckets(desk.database, Rules.of(settings, "smtp"), desk.clock).standing()
    assert standing["domain:example.org"].slowed
