"""Dispatches begin when they should and not before, wait for a person when they are late, and look before they leap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter.audience import Selection
from newsletter.dispatch import (
    Controls,
    Dispatch,
    Start,
    State,
    Stop,
    Surroundings,
    Worker,
    accept,
    closed,
    dispatches,
    due,
    pace_of,
    propose,
    standing,
)
from newsletter.errors import ContentError, DispatchError
from newsletter.expressions import Type
from newsletter.providers.base import Accepted, Message, Outcome, Rejected, Uncertain
from newsletter.settings import load
from newsletter.subscribers import AttributeDefinition, Texts, synchronise_attributes
from support.dispatching import PACE, SLUG, Bench, Scripted

NAMES = tuple(f"lezer{number:02}" for number in range(20))
HOUR = timedelta(hours=1)


def schedule(bench: Bench, start: Start | None = None, canary: float | None = None, **limits: datetime) -> Dispatch:
    there = bench.surroundings
    proposal = propose(there, SLUG, Selection("leden"), None, limits.get("deadline"), start=start, canary=canary)
    return accept(there, proposal)


def current(bench: Bench, dispatch: Dispatch) -> Dispatch:
    with bench.database.reading() as connection:
        return dispatches.read_dispatch(connection, dispatch.id)


def last_events(bench: Bench, dispatch: Dispatch, count: int) -> list[tuple[str, str]]:
    with bench.database.reading() as connection:
        events = standing(connection, dispatch, bench.clock(), PACE).events
    return [(event.action.value, event.detail) for event in events][-count:]


def with_settings(bench: Bench, **said: str) -> Bench:
    """The same bench in a workspace whose newsletter.toml says something about dispatches."""
    with bench.workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write("\n[dispatch]\n" + "".join(f"{name} = {value}\n" for name, value in said.items()))
    return bench


@pytest.fixture
def peopled(bench: Bench) -> Bench:
    bench.subscribe(NAMES)
    return bench


def test_nothing_leaves_before_the_start_and_everything_after_it(peopled: Bench) -> None:
    """I15."""
    dispatch = schedule(peopled, Start(peopled.clock() + HOUR))
    provider = Scripted()
    peopled.clock.pass_by(minutes=59)
    peopled.drive(dispatch, provider)
    assert provider.handed_over == []
    peopled.clock.pass_by(minutes=1)
    peopled.drive(dispatch, provider)
    assert len(provider.handed_over) == len(NAMES)
    assert last_events(peopled, dispatch, 2)[0][0] == "started"


def test_messages_bear_the_date_of_the_start(peopled: Bench) -> None:
    start = peopled.clock() + timedelta(days=3)
    dispatch, dates = schedule(peopled, Start(start)), set()

    def look(message: Message) -> Outcome:
        dates.add(parsedate_to_datetime(str(message_from_bytes(message.raw())["Date"])))
        return Accepted(message.key)

    peopled.clock.pass_by(days=3, minutes=1)
    peopled.drive(dispatch, Scripted(look))
    assert dates == {start}


def test_deadline_counts_from_the_start(peopled: Bench) -> None:
    dispatch = schedule(peopled, Start(peopled.clock() + timedelta(days=10)))
    assert dispatch.deadline == peopled.clock() + timedelta(days=14)


@pytest.mark.parametrize(
    ("start", "deadline", "match"),
    [(-1, None, "has passed"), (0, None, "has passed"), (5, 4, "before the moment to begin"), (5, 5, "before")],
)
def test_moments_that_cannot_be_kept_are_refused(peopled: Bench, start: int, deadline: int | None, match: str) -> None:
    limits = {} if deadline is None else {"deadline": peopled.clock() + deadline * HOUR}
    with pytest.raises(DispatchError, match=match):
        schedule(peopled, Start(peopled.clock() + start * HOUR), **limits)


def test_who_joins_before_the_start_gets_it_and_who_left_does_not(peopled: Bench) -> None:
    dispatch = schedule(peopled, Start(peopled.clock() + HOUR))
    peopled.subscribe(["later"])
    peopled.clock.pass_by(hours=2)
    provider = Scripted()
    receipt = peopled.drive(dispatch, provider)
    assert "later@example.org" in provider.handed_over
    assert receipt.balance.selected == len(NAMES) + 1
    assert ("started", "1 joined since") in last_events(peopled, dispatch, 2)
    peopled.subscribe(["too-late"])
    assert peopled.drive(current(peopled, dispatch), provider).balance.selected == len(NAMES) + 1


def test_start_that_was_missed_waits_for_a_person(peopled: Bench) -> None:
    """I15: a late start beyond the limit."""
    dispatch = schedule(peopled, Start(peopled.clock() + HOUR))
    peopled.clock.pass_by(hours=8)
    provider = Scripted()
    with pytest.raises(DispatchError, match="should have begun"):
        peopled.drive(dispatch, provider)
    assert provider.handed_over == []
    assert current(peopled, dispatch).state == "paused"
    Controls(peopled.database, dispatch.id, "tester", peopled.clock).resume()
    peopled.drive(current(peopled, dispatch), provider)
    assert len(provider.handed_over) == len(NAMES)


def test_dispatch_that_has_begun_is_never_late(peopled: Bench) -> None:
    dispatch = schedule(peopled, Start(peopled.clock() + HOUR))
    peopled.clock.pass_by(hours=2)
    stop = Stop()

    def end(_message: Message) -> None:
        stop.ask()

    provider = Scripted(after_intent=end)
    peopled.drive(dispatch, provider, stop)
    peopled.clock.pass_by(hours=20)
    peopled.drive(current(peopled, dispatch), provider)
    assert len(provider.handed_over) == len(NAMES)


@pytest.fixture
def abroad(bench: Bench) -> Bench:
    """Readers in three time zones, and one of whom none is known."""
    declared = {
        **bench.definitions.attributes,
        "zone": AttributeDefinition("zone", Texts.of("Tijdzone"), Type.TEXT, ()),
    }
    bench = replace(bench, definitions=replace(bench.definitions, attributes=declared))
    synchronise_attributes(bench.database, bench.definitions)
    for name, zone in (("tokyo", "Asia/Tokyo"), ("home", "Europe/Amsterdam"), ("york", "America/New_York")):
        bench.subscribe([name], zone=zone)
    bench.subscribe(["unknown"])
    return bench


def test_everybody_gets_it_at_the_same_hour_of_their_own_day(abroad: Bench) -> None:
    nine = datetime(2024, 2, 21, 9, tzinfo=ZoneInfo("Europe/Amsterdam"))
    dispatch = schedule(abroad, Start(nine, "zone"))
    assert dispatch.start_at == datetime(2024, 2, 21, 0, tzinfo=UTC)
    provider = Scripted()
    seen: dict[int, list[str]] = {}
    for hour in (0, 8, 14):
        abroad.clock.moment = datetime(2024, 2, 21, hour, 1, tzinfo=UTC)
        before = len(provider.handed_over)
        abroad.drive(current(abroad, dispatch), provider)
        seen[hour] = sorted(address.partition("@")[0] for address in provider.handed_over[before:])
    assert seen == {0: ["tokyo"], 8: ["home", "unknown"], 14: ["york"]}
    assert current(abroad, dispatch).state == "finished"


def test_time_zone_that_nobody_has_declared_is_a_clear_error(peopled: Bench) -> None:
    with pytest.raises(ContentError, match="'zone'"):
        schedule(peopled, Start(peopled.clock() + HOUR, "zone"))


def test_nothing_is_handed_over_in_quiet_hours(peopled: Bench) -> None:
    with_settings(peopled, quiet_hours='"21:00-07:00"')
    dispatch = schedule(peopled)
    provider = Scripted()
    peopled.clock.moment = datetime(2024, 2, 20, 22, tzinfo=UTC)
    peopled.drive(dispatch, provider)
    assert provider.handed_over == []
    pace = pace_of(peopled.surroundings.settings)
    with peopled.database.reading() as connection:
        found = closed(connection, dispatch, peopled.clock(), pace)
        assert found is not None
        assert found.until == datetime(2024, 2, 21, 6, tzinfo=UTC)
        assert list(due(connection, peopled.clock(), pace)) == []
    peopled.clock.moment = found.until
    peopled.drive(dispatch, provider)
    assert len(provider.handed_over) == len(NAMES)


def test_rest_follows_the_first_part_only_after_it_was_looked_at(peopled: Bench) -> None:
    dispatch = schedule(peopled, canary=10)
    assert dispatch.canary == 2
    provider = Scripted()
    peopled.drive(dispatch, provider)
    assert len(provider.handed_over) == 2
    peopled.clock.pass_by(minutes=29)
    peopled.drive(dispatch, provider)
    assert len(provider.handed_over) == 2
    peopled.clock.pass_by(minutes=1)
    receipt = peopled.drive(dispatch, provider)
    assert len(provider.handed_over) == len(NAMES)
    assert receipt.balance.is_settled
    assert [action for action, _ in last_events(peopled, dispatch, 3)] == ["started", "went on", "finished"]


def test_first_part_that_is_refused_pauses_the_rest(peopled: Bench) -> None:
    dispatch = schedule(peopled, canary=10)
    provider = Scripted(lambda message: Rejected(message.key, "550 no"))
    peopled.drive(dispatch, provider)
    peopled.clock.pass_by(minutes=30)
    peopled.drive(dispatch, provider)
    assert len(provider.handed_over) == 2
    assert current(peopled, dispatch).state == "paused"
    assert "not taken well enough: 2 rejected" in last_events(peopled, dispatch, 1)[0][1]
    Controls(peopled.database, dispatch.id, "tester", peopled.clock).resume()
    peopled.drive(current(peopled, dispatch), Scripted())
    assert current(peopled, dispatch).state == "finished"


def test_first_part_and_local_time_exclude_each_other(abroad: Bench) -> None:
    with pytest.raises(DispatchError, match="hour by hour"):
        schedule(abroad, Start(abroad.clock() + HOUR, "zone"), canary=10)


def test_too_many_refusals_pause_a_dispatch_by_themselves(peopled: Bench) -> None:
    with_settings(peopled, most_rejected="20", judged_by="10")

    def decide(message: Message) -> Accepted | Rejected:
        refused = int(message.recipient.address[5:7]) % 3 == 0
        return Rejected(message.key, "550 no") if refused else Accepted(message.key)

    dispatch = schedule(peopled)
    receipt = peopled.drive(dispatch, Scripted(decide))
    assert current(peopled, dispatch).state == "paused"
    assert receipt.balance.of(State.REJECTED) <= 4
    assert receipt.balance.of(State.PLANNED) > 0
    assert "of the last 10 were refused for good" in last_events(peopled, dispatch, 1)[0][1]


def test_server_that_never_answers_pauses_a_dispatch_before_everybody_is_uncertain(peopled: Bench) -> None:
    dispatch = schedule(peopled)
    receipt = peopled.drive(dispatch, Scripted(lambda message: Uncertain(message.key, "no reply")))
    assert current(peopled, dispatch).state == "paused"
    assert 10 <= receipt.balance.of(State.UNCERTAIN) <= 11
    assert "10 in a row were handed over without a reply" in last_events(peopled, dispatch, 1)[0][1]


def test_worker_goes_on_with_what_is_due_and_keeps_its_receipt(peopled: Bench) -> None:
    first, worker = schedule(peopled, Start(peopled.clock() + HOUR)), Worker(peopled.surroundings, Stop())
    assert list(worker.work()) == []
    peopled.clock.pass_by(hours=1)
    begun, rested = worker.work()
    assert (begun.name, begun.message) == ("dispatch.continued", f"{first.id}: going on with {SLUG}")
    assert (rested.name, rested.fields["accepted"]) == ("dispatch.rested", 20)
    assert "20 accepted" in rested.message
    assert (peopled.workspace.issues / SLUG / f"receipt-{first.id}.json").is_file()
    assert list(worker.work()) == []


def test_worker_leaves_alone_what_is_paused_or_in_hand(peopled: Bench) -> None:
    dispatch, worker = schedule(peopled), Worker(peopled.surroundings, Stop())
    peopled.take_over(dispatch)
    assert list(worker.work()) == []
    peopled.clock.pass_by(minutes=2)
    Controls(peopled.database, dispatch.id, "tester", peopled.clock).pause()
    assert list(worker.work()) == []


def test_worker_leaves_alone_for_a_while_what_could_not_go_on(peopled: Bench) -> None:
    """A mail server that is down is not asked every few seconds, and the others are not kept waiting."""
    there = peopled.surroundings
    blocked = peopled.workspace.root / "var" / "outbox"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    dispatch, worker = schedule(peopled), Worker(there, Stop())
    tried: list[float] = []
    for _ in range(60):
        told = list(worker.work())
        if told:
            tried.append((peopled.clock() - dispatch.created_at) / timedelta(minutes=1))
            assert [one.name for one in told[1:]] == ["dispatch.rested", "dispatch.failed", "dispatch.put-off"]
            assert "tried again from" in told[-1].message
        peopled.clock.pass_by(seconds=30)
    assert tried == [0, 1, 3, 7, 15]
    blocked.unlink()
    peopled.clock.pass_by(minutes=15)
    assert list(worker.work())[1].fields["accepted"] == 20


def test_settings_speak_for_everybody(peopled: Bench) -> None:
    with_settings(peopled, latest_start_hours="1", canary_minutes="5", most_rejected="100")
    pace = pace_of(load(peopled.workspace, {}))
    assert (pace.lateness, pace.observation, pace.rejected) == (HOUR, timedelta(minutes=5), None)
    assert isinstance(peopled.surroundings, Surroundings)
