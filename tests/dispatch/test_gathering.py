"""Who asks for an intent waits for company as long as there may be some, and no longer."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from newsletter.dispatch import gathering
from newsletter.dispatch.gathering import Gathering
from newsletter.message import DeliveryKey

DEADLINE = 20.0
LONG = 3600.0


def key(number: int) -> DeliveryKey:
    return DeliveryKey(f"k{number}")


def keys(*numbers: int) -> list[DeliveryKey]:
    return [key(number) for number in numbers]


def run(test: Callable[[Gathering], Coroutine[Any, Any, None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(DEADLINE):
            await test(Gathering())

    asyncio.run(within())


async def window(gathered: Gathering) -> list[DeliveryKey]:
    """Let a window gather, and let all of it go."""
    await gathered.wait()
    asked = gathered.take()
    going = frozenset(one for each in asked for one in each.keys)
    gathered.answer(asked, going)
    return sorted(going)


def patient(gathered: Gathering, seconds: float) -> None:
    gathered._patience = seconds


def test_who_is_alone_does_not_wait() -> None:
    async def test(gathered: Gathering) -> None:
        patient(gathered, LONG)
        answer = gathered.ask(keys(1))
        assert await window(gathered) == keys(1)
        assert await answer == frozenset(keys(1))

    run(test)


def test_those_whose_replies_are_still_to_come_are_waited_for() -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1, 2))
        await window(gathered)
        patient(gathered, LONG)
        gathered.hear(key(1))
        gathered.ask(keys(3))
        following = asyncio.create_task(window(gathered))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not following.done()
        gathered.hear(key(2))
        gathered.ask(keys(4))
        assert await following == keys(3, 4)

    run(test)


def test_the_last_reply_ends_the_wait_though_nobody_else_asks() -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1, 2))
        await window(gathered)
        patient(gathered, LONG)
        gathered.ask(keys(3))
        following = asyncio.create_task(window(gathered))
        gathered.hear(key(1))
        await asyncio.sleep(0)
        gathered.hear(key(2))
        assert await following == keys(3)

    run(test)


def test_patience_ends_though_a_reply_never_comes() -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1))
        await window(gathered)
        for seconds in (0.0, 0.01):
            patient(gathered, seconds)
            gathered.ask(keys(2))
            assert await window(gathered) == keys(2)

    run(test)


def test_nobody_is_waited_for_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1))
        await gathered.wait()
        asked = gathered.take()
        now = asyncio.get_running_loop().time()
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now + LONG)
        gathered.answer(asked, frozenset(keys(1)))
        assert gathered._patience == gathering.MOST_PATIENCE.total_seconds()

    run(test)


def test_the_end_ends_every_wait() -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1))
        await window(gathered)
        patient(gathered, LONG)
        gathered.ask(keys(2))
        following = asyncio.create_task(window(gathered))
        await asyncio.sleep(0)
        gathered.end()
        assert await following == keys(2)

    run(test)


def test_each_hears_of_its_own_messages_only_and_who_has_gone_of_none() -> None:
    async def test(gathered: Gathering) -> None:
        answers = [gathered.ask(keys(1, 2)), gathered.ask(keys(3))]
        gone = gathered.ask(keys(4))
        gone.cancel()
        await gathered.wait()
        gathered.answer(gathered.take(), frozenset(keys(2, 3)))
        assert [await answer for answer in answers] == [frozenset(keys(2)), frozenset(keys(3))]

    run(test)


def test_outcomes_are_written_though_nobody_asks() -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1))
        await window(gathered)
        gathered.hear(key(1))
        assert await window(gathered) == []

    run(test)


def test_those_who_ask_ahead_wait_until_half_as_many_ask_as_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AHEAD", timedelta(seconds=LONG))

    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1, 2, 3, 4, 5, 6))
        await window(gathered)
        gathered.ask(keys(7), ahead=True)
        gathered.ask(keys(8), ahead=True)
        following = asyncio.create_task(window(gathered))
        gathered.hear(key(1))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not following.done(), "five are under way, and two ask"
        gathered.hear(key(2))
        assert await following == keys(7, 8)

    run(test)


def test_who_cannot_wait_takes_those_along_who_ask_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AHEAD", timedelta(seconds=LONG))

    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1, 2, 3))
        await window(gathered)
        patient(gathered, 0.01)
        gathered.ask(keys(4), ahead=True)
        following = asyncio.create_task(window(gathered))
        await asyncio.sleep(0)
        gathered.ask(keys(5))
        assert await following == keys(4, 5)

    run(test)


def test_who_asks_ahead_is_answered_after_a_moment_though_nothing_else_happens() -> None:
    async def test(gathered: Gathering) -> None:
        gathered.ask(keys(1, 2))
        await window(gathered)
        patient(gathered, LONG)
        gathered.ask(keys(3), ahead=True)
        assert await window(gathered) == keys(3)

    run(test)


def test_an_outcome_that_is_heard_before_the_answer_leaves_nobody_under_way() -> None:
    async def test(gathered: Gathering) -> None:
        answer = gathered.ask(keys(1))
        await gathered.wait()
        asked = gathered.take()
        gathered.hear(key(1))
        gathered.answer(asked, frozenset(keys(1)))
        assert await answer == frozenset(keys(1))
        patient(gathered, LONG)
        gathered.ask(keys(2))
        assert await window(gathered) == keys(2)

    run(test)


def test_patience_ends_by_the_clock_of_the_faster_event_loop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def ask_often() -> None:
        gathered = Gathering()
        gathered.ask(keys(0))
        await window(gathered)
        for number in range(1, 200):
            patient(gathered, 0.0011)
            gathered.ask(keys(number))
            assert await window(gathered) == keys(number)

    async def within() -> None:
        async with asyncio.timeout(DEADLINE):
            await ask_often()

    uvloop.run(within())
