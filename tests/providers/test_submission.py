"""How requests are followed to their outcomes, whatever an API says; nothing is sent here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain, submission
from newsletter.providers.base.grouping import AnyLetter, Room
from newsletter.providers.base.letters import Letter
from newsletter.providers.base.replies import (
    Blamed,
    Later,
    LostReplyError,
    Refused,
    Suspect,
    Taken,
    Told,
    TooLarge,
    Unknown,
    UnreachableError,
    Verdict,
    Wrong,
)
from newsletter.providers.base.submission import MAXIMUM_SUSPECTS, REPLAY_PAUSES, ApiProvider
from support.messages import Written, written

OURS = ProviderError("it is ours", remedy="Mend it.")
Script = Callable[[Sequence[str]], Verdict]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "REPLAY_PAUSES", tuple(timedelta() for _ in REPLAY_PAUSES))


@dataclass
class Scripted:
    """An API that says what a test wants."""

    script: Script
    room: Room
    concurrency: int = 1
    repeats: bool = False
    posted: list[list[str]] = field(default_factory=list)
    name: str = "Scripted"
    table: str = "providers.scripted"
    message_bytes: int = 1000

    def prepare(self, message: Message) -> AnyLetter | Rejected:
        return Letter(message.key, self, message.recipient.address, b"", 1)

    async def post(self, letters: Sequence[AnyLetter]) -> Verdict:
        keys = [str(letter.key) for letter in letters]
        self.posted.append(keys)
        return self.script(keys)


@dataclass
class Run:
    outcomes: dict[str, Outcome]
    error: BaseException | None
    posted: list[list[str]]

    def kinds(self) -> list[type[Outcome]]:
        return [type(self.outcomes[key]) for key in sorted(self.outcomes)]


def run(
    script: Script,
    count: int,
    *,
    batch: int = 100,
    concurrency: int = 1,
    repeats: bool = False,
    withheld: Iterable[int] = (),
) -> Run:
    api = Scripted(script, Room(batch, 10_000), concurrency, repeats)
    messages = [written(number) for number in range(count)]
    kept_back = {messages[number].key for number in withheld}
    done = Run({}, None, api.posted)

    async def source() -> AsyncIterator[Written]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys) - kept_back

    async def main() -> None:
        async for outcome in ApiProvider(api).submit(source(), intend):
            assert outcome.key not in done.outcomes, "two outcomes"
            done.outcomes[outcome.key] = outcome

    try:
        asyncio.run(main())
    except ProviderError as error:
        done.error = error
    return done


def in_turn(*verdicts: Verdict | Exception) -> Script:
    left = list(verdicts)

    def script(_keys: Sequence[str]) -> Verdict:
        verdict = left.pop(0)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    return script


def blaming(*bad: int) -> Script:
    """Refuse every request that is too large, and every one with one of these in it, which is named."""
    keys = {str(written(number).key) for number in bad}

    def script(given: Sequence[str]) -> Verdict:
        if len(given) > 10:
            return TooLarge("413 large")
        places = [place for place, key in enumerate(given) if key in keys]
        return Blamed({}, {places[0]: "400 bad"}, OURS) if places else Taken("r")

    return script


@pytest.mark.parametrize("bad", [(5,), (0,), (99,), (0, 1), (98, 99), (0, 50, 99), (93, 94, 95, 96, 97, 98, 99)])
def test_bad_messages_are_found_wherever_they_stand(bad: tuple[int, ...]) -> None:
    done = run(blaming(*bad), 100)
    assert done.error is None
    assert {number for number, kind in enumerate(done.kinds()) if kind is Rejected} == set(bad)
    assert len(done.outcomes) == 100


def test_messages_with_nobody_left_to_travel_with_are_judged_with_the_next() -> None:
    done = run(blaming(0, 1, 2, 3, 4, 5), 12)
    assert done.error is None
    assert done.kinds() == [Rejected] * 6 + [Accepted] * 6


def test_fates_are_told_one_by_one() -> None:
    fates = [Taken("a"), Wrong("406 gone"), Later("429 slow", None), Suspect("300 odd", OURS), Unknown("?")]
    done = run(lambda _: Told(fates), 5)
    assert done.error is None
    assert done.kinds() == [Accepted, Rejected, Deferred, Rejected, Uncertain]


def test_fault_of_ours_among_fates_stops_the_run_and_blames_nobody() -> None:
    done = run(lambda _: Told([Taken("a"), Refused(OURS)]), 6, batch=2)
    assert done.error is OURS
    assert done.kinds() == [Accepted, Deferred]
    assert len(done.posted) == 1


def test_suspects_are_ours_when_nobody_was_ever_taken() -> None:
    done = run(lambda given: Told([Suspect("300 odd", OURS)] * len(given)), 3)
    assert done.error is OURS
    assert set(done.kinds()) == {Deferred}


def test_too_many_suspects_in_a_row_are_ours() -> None:
    first = written(0).key
    done = run(lambda given: Taken("r") if given == [first] else Told([Suspect("300 odd", OURS)]), 40, batch=1)
    assert done.error is OURS
    assert done.kinds().count(Rejected) == MAXIMUM_SUSPECTS - 1


@pytest.mark.parametrize("fates", [[], [Taken("a")], [Taken("a")] * 3])
def test_reply_about_another_number_of_messages_tells_nothing(fates: list[Taken]) -> None:
    done = run(lambda _: Told(fates), 2)
    assert done.kinds() == [Uncertain, Uncertain]


def test_lost_reply_is_asked_for_again_where_that_is_safe() -> None:
    done = run(in_turn(LostReplyError("x"), Unknown("500"), Taken("r")), 3, repeats=True)
    assert set(done.kinds()) == {Accepted}
    assert done.posted[0] == done.posted[1] == done.posted[2]


def test_lost_reply_is_not_asked_for_again_where_that_is_not_safe() -> None:
    done = run(in_turn(LostReplyError("x")), 3)
    assert set(done.kinds()) == {Uncertain}


def test_repeating_has_an_end() -> None:
    done = run(in_turn(*[Unknown("500")] * 3), 3, repeats=True)
    assert set(done.kinds()) == {Uncertain}
    assert len(done.posted) == 1 + len(REPLAY_PAUSES)


@pytest.mark.parametrize(
    "verdict",
    [
        Refused(OURS),
        UnreachableError("x"),
        Later("429", None),
        Later("429", timedelta(hours=1)),
        TooLarge("413"),
        Blamed({0: "bad"}, {}, OURS),
    ],
)
def test_refusal_of_a_repetition_says_nothing_of_the_first(verdict: Verdict | Exception) -> None:
    done = run(in_turn(LostReplyError("x"), verdict), 2, repeats=True)
    assert set(done.kinds()) == {Uncertain}
    assert bool(done.error) is isinstance(verdict, Refused | UnreachableError)


def test_short_wait_is_kept_before_a_repetition() -> None:
    done = run(in_turn(LostReplyError("x"), Later("429", timedelta(milliseconds=1)), Taken("r")), 2, repeats=True)
    assert set(done.kinds()) == {Accepted}


fates = st.sampled_from([Taken("r"), Wrong("w"), Suspect("s", OURS), Later("l", None), Unknown("u"), Refused(OURS)])


def verdicts(count: int) -> st.SearchStrategy[Verdict | Exception]:
    """Everything that can be said of a request with so many messages."""
    return st.one_of(
        st.just(Taken("r")),
        st.lists(fates, min_size=count, max_size=count).map(Told),
        st.lists(fates, max_size=count - 1).map(Told),
        st.just(Blamed({0: "bad"}, {}, OURS)),
        st.just(Blamed({}, {count - 1: "odd"}, OURS)),
        st.just(TooLarge("large")),
        st.just(Later("later", None)),
        st.just(Refused(OURS)),
        st.just(LostReplyError("lost")),
    )


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_said_every_message_has_one_outcome(data: st.DataObject) -> None:
    count, batch = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 6))
    repeats, concurrency = data.draw(st.booleans()), data.draw(st.integers(1, 3))
    withheld = data.draw(st.sets(st.integers(0, count - 1)))
    lost: list[set[str]] = []

    def script(keys: Sequence[str]) -> Verdict:
        verdict = data.draw(verdicts(len(keys)))
        if isinstance(verdict, Exception):
            lost.append(set(keys))
            raise verdict
        return verdict

    done = run(script, count, batch=batch, concurrency=concurrency, repeats=repeats, withheld=withheld)
    held_back = {str(written(number).key) for number in withheld}
    posted = {key for keys in done.posted for key in keys}
    assert not posted & held_back
    assert posted <= set(done.outcomes)
    if done.error is None:
        assert set(done.outcomes) == {str(written(number).key) for number in range(count)} - held_back
    for keys in lost:
        # What may have been taken is never called refused: only a reply to the same request settles it.
        refused = {key for key in keys if isinstance(done.outcomes[key], Deferred | Rejected)}
        assert not refused or repeats


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_request_does_not_wait_for_long_until_it_is_full(monkeypatch: pytest.MonkeyPatch, concurrency: int) -> None:
    monkeypatch.setattr(submission, "COMPANY", timedelta(seconds=0.02))
    api = Scripted(lambda _: Taken("r"), Room(100, 10_000), concurrency)

    async def until_posted(count: int) -> None:
        while len(api.posted) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    async def source() -> AsyncIterator[Written]:
        for start in (0, 3):
            for number in range(start, start + 3):
                yield written(number)
            # Nobody else comes before these have gone.
            await until_posted(1 + start // 3)

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys)

    async def main() -> list[Outcome]:
        async with asyncio.timeout(20):
            return [outcome async for outcome in ApiProvider(api).submit(source(), intend)]

    assert [type(outcome) for outcome in asyncio.run(main())] == [Accepted] * 6
    assert [len(keys) for keys in api.posted] == [3, 3]


def test_while_every_request_is_under_way_others_gather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "COMPANY", timedelta(seconds=0.01))
    api = Scripted(lambda _: Taken("r"), Room(100, 10_000), 1)
    post, has_come = api.post, asyncio.Event()

    async def slow(letters: Sequence[AnyLetter]) -> Verdict:
        await has_come.wait()
        return await post(letters)

    monkeypatch.setattr(api, "post", slow)

    async def source() -> AsyncIterator[Written]:
        for number in range(10):
            yield written(number)
            await asyncio.sleep(0.02)
        has_come.set()

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys)

    async def main() -> list[Outcome]:
        async with asyncio.timeout(20):
            return [outcome async for outcome in ApiProvider(api).submit(source(), intend)]

    assert len(asyncio.run(main())) == 10
    assert [len(keys) for keys in api.posted] == [1, 9]


def test_a_failure_is_told_though_the_next_message_is_long_in_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "COMPANY", timedelta(seconds=0.01))
    api = Scripted(lambda _: Refused(OURS), Room(100, 10_000))

    async def source() -> AsyncIterator[Written]:
        yield written(0)
        await asyncio.sleep(3600)

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys)

    async def main() -> None:
        async with asyncio.timeout(20):
            async for _ in ApiProvider(api).submit(source(), intend):
                pass

    with pytest.raises(ProviderError, match="it is ours"):
        asyncio.run(main())
