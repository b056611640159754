"""The clock jumps by a day: nobody is mailed twice, nothing begins twice, and what is late waits for a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from newsletter.audience import Selection
from newsletter.clock import ClockWatch
from newsletter.dispatch import (
    Controls,
    Dispatch,
    Start,
    Stop,
    Worker,
    accept,
    dispatches,
    lease,
    propose,
    scheduling,
    working,
)
from newsletter.errors import DispatchError, StoreError
from newsletter.providers.base import Message
from newsletter.store import Database
from newsletter.subscribers import Definitions
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench, Clock, Scripted

NAMES = tuple(f"lezer{number}" for number in range(12))
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
JUMPS = [DAY, -DAY]


@pytest.fixture
def bench(workspace: Workspace, definitions: Definitions, signer: Signer, database: Database, now: datetime) -> Bench:
    bench = Bench(workspace, definitions, signer, database, Clock(now))
    bench.subscribe(NAMES)
    return bench


def schedule(bench: Bench, start: timedelta) -> Dispatch:
    begins = Start(bench.clock() + start)
    return accept(bench.surroundings, propose(bench.surroundings, SLUG, Selection("leden"), None, start=begins))


def current(bench: Bench, dispatch: Dispatch) -> Dispatch:
    with bench.database.reading() as connection:
        return dispatches.read_dispatch(connection, dispatch.id)


def jumping(bench: Bench, jump: timedelta) -> Scripted:
    """A provider during whose fourth message the clock jumps."""
    provider = Scripted()

    def look(_message: Message) -> None:
        if len(provider.handed_over) == 3:
            bench.clock.moment += jump

    provider.after_intent = look
    return provider


@pytest.mark.parametrize("jump", JUMPS)
def test_jump_while_sending_leaves_nobody_out_and_mails_nobody_twice(bench: Bench, jump: timedelta) -> None:
    """I15: the lease is renewed under the new time all along."""
    dispatch, provider = bench.freeze(), jumping(bench, jump)
    receipt = bench.drive(dispatch, provider, renewal=timedelta(milliseconds=1))
    assert receipt.balance.is_settled
    assert len(provider.handed_over) == len(set(provider.handed_over)) == len(NAMES)
    assert current(bench, dispatch).finished_at is not None


@pytest.mark.parametrize("jump", JUMPS)
def test_jump_between_two_runs_leaves_nobody_out_and_mails_nobody_twice(bench: Bench, jump: timedelta) -> None:
    dispatch, stop = bench.freeze(), Stop()
    provider = Scripted(after_intent=lambda _message: stop.ask())
    bench.drive(dispatch, provider, stop)
    assert 0 < len(provider.handed_over) < len(NAMES)
    bench.clock.moment += jump
    bench.drive(current(bench, dispatch), provider)
    assert len(provider.handed_over) == len(set(provider.handed_over)) == len(NAMES)


def test_process_whose_clock_has_fallen_behind_is_stopped_when_another_machine_takes_over(bench: Bench) -> None:
    """I7: its lease looks as if it had ended long ago; what it does not know yet, it must not hand over."""
    dispatch = bench.freeze()
    others = Scripted()
    behind = Scripted()

    def be_overtaken(_message: Message) -> None:
        if len(behind.handed_over) == 3:
            bench.take_over(dispatch)
            bench.clock.moment -= DAY

    behind.after_intent = be_overtaken
    with pytest.raises(DispatchError, match="taken over"):
        bench.drive(dispatch, behind)
    bench.clock.moment += DAY + lease.LASTING + timedelta(seconds=1)
    bench.drive(current(bench, dispatch), others)
    assert not set(behind.handed_over) & set(others.handed_over)
    assert {*behind.handed_over, *others.handed_over} == {f"{name}@example.org" for name in NAMES}


def test_clock_that_falls_behind_begins_nothing_early_and_nothing_twice(bench: Bench) -> None:
    """I15."""
    dispatch, provider = schedule(bench, HOUR), Scripted()
    begins = bench.clock() + HOUR
    for moment, handed_over in (
        (begins - DAY, 0),
        (begins - timedelta(minutes=1), 0),
        (begins, 12),
        (begins - DAY, 12),
    ):
        bench.clock.moment = moment
        bench.drive(current(bench, dispatch), provider)
        assert len(provider.handed_over) == handed_over
    worker = Worker(bench.surroundings, Stop())
    bench.clock.moment = begins
    assert list(worker.work()) == []


def test_clock_that_runs_a_day_ahead_lets_what_it_would_begin_late_wait_for_a_person(bench: Bench) -> None:
    """I15."""
    dispatch, provider = schedule(bench, HOUR), Scripted()
    bench.clock.moment += DAY
    with pytest.raises(DispatchError, match="should have begun"):
        bench.drive(dispatch, provider)
    bench.clock.moment -= DAY
    bench.clock.moment += HOUR
    bench.drive(current(bench, dispatch), provider)
    assert provider.handed_over == []
    assert current(bench, dispatch).state == "paused"


def look_again(bench: Bench, jump: timedelta, slept: timedelta = timedelta(), looks_more: int = 0) -> list[str]:
    """Let a worker look for work, set its clock, let it look again, and give the names of what it tells."""
    stop, told, looks = Stop(), list[str](), count()

    def seconds() -> float:
        look = next(looks)
        if look == 1:
            bench.clock.moment += jump
        if look > 2 + looks_more:
            stop.ask()
        return slept.total_seconds() if look else 0.0

    worker = Worker(bench.surroundings, stop, seconds)
    worker.keep_working(timedelta(), lambda notice: told.append(notice.name))
    return told


@pytest.mark.parametrize(("jump", "state"), [(timedelta(), "open"), (timedelta(minutes=4), "finished"), (-DAY, "open")])
def test_nothing_is_paused_for_a_clock_that_was_hardly_set_or_set_back(
    bench: Bench, jump: timedelta, state: str
) -> None:
    dispatch = schedule(bench, timedelta(minutes=2))
    told = look_again(bench, jump)
    assert current(bench, dispatch).state == state
    assert ("clock.set" in told) == (jump == -DAY)


@pytest.mark.parametrize("start", [2 * HOUR, 19 * HOUR, 23 * HOUR])
def test_what_would_begin_early_by_a_clock_set_ahead_waits_for_a_person(bench: Bench, start: timedelta) -> None:
    """I15: in a process that runs meanwhile; nobody sets the seconds that it counts."""
    dispatch = schedule(bench, start)
    assert look_again(bench, DAY) == ["clock.set"]
    assert current(bench, dispatch).state == "paused"
    assert set(bench.states(dispatch).values()) == {"planned"}


def test_what_starts_later_still_is_left_alone_by_a_clock_set_ahead(bench: Bench) -> None:
    dispatch = schedule(bench, 2 * DAY)
    assert look_again(bench, DAY) == ["clock.set"]
    assert current(bench, dispatch).state == "open"


def test_a_machine_that_slept_was_not_set(bench: Bench) -> None:
    dispatch = schedule(bench, 23 * HOUR)
    assert "clock.set" not in look_again(bench, DAY, slept=DAY)
    assert current(bench, dispatch).state == "finished"


def test_what_waits_for_a_person_begins_at_its_time_once_the_clock_is_right_again(bench: Bench) -> None:
    dispatch = schedule(bench, 20 * HOUR)
    look_again(bench, DAY)
    bench.clock.moment -= DAY
    Controls(bench.database, dispatch.id, "ada", bench.clock).resume()
    worker = Worker(bench.surroundings, Stop())
    assert list(worker.work()) == []
    bench.clock.pass_by(hours=20, minutes=1)
    assert any("12 accepted" in notice.message for notice in worker.work())


def test_a_database_that_is_away_then_does_not_make_a_worker_forget_the_clock(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch, pause, failures = schedule(bench, 20 * HOUR), scheduling.pause_skipped, iter([StoreError("away")])

    def fail_once(*about: Any) -> Sequence[Dispatch]:
        for failure in failures:
            raise failure
        return pause(*about)

    monkeypatch.setattr(scheduling, "pause_skipped", fail_once)
    monkeypatch.setattr(working, "LATER", timedelta())
    assert look_again(bench, DAY, looks_more=1) == ["worker.waiting", "clock.set"]
    assert current(bench, dispatch).state == "paused"


def test_a_clock_that_was_wrong_and_is_put_right_pauses_nothing(bench: Bench) -> None:
    dispatch = schedule(bench, HOUR)
    watch = ClockWatch(bench.clock, lambda: 0.0)
    bench.clock.moment -= DAY
    assert (watch.jump(), watch.ahead) == (-DAY, timedelta())
    bench.clock.moment += DAY
    assert (watch.jump(), watch.ahead) == (DAY, timedelta())
    worker = Worker(bench.surroundings, Stop())
    assert [notice.name for notice in worker._heed(DAY, watch.ahead)] == ["clock.set"]
    assert current(bench, dispatch).state == "open"
