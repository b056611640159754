"""Intents are asked for before their turn while all goes well, and nothing that had one is lost or sent twice."""

import asyncio
import random
from datetime import timedelta

import pytest

from newsletter.errors import ProviderError
from newsletter.message import Content
from newsletter.providers.base import Accepted, Deferred, Outcome, Uncertain
from newsletter.providers.smtp import ahead
from newsletter.providers.smtp.ahead import HORIZON, Tempo
from newsletter.providers.smtp.signing import Signing
from newsletter.providers.smtp.submission import CALM
from support.smtp_server import DROP, RESET, Run, Script, ScriptedServer, run, samples, submit
from support.wire_server import WireServer, wire_server

COUNT = 80
LATER = 30
"""A message by which all goes well for long enough."""
BLOCKED = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"


def recipients(server: ScriptedServer) -> list[str]:
    return sorted(message.recipient for message in server.messages)


def of_kind(result: Run, kind: type[Outcome]) -> set[str]:
    return {key for key, outcome in result.outcomes.items() if isinstance(outcome, kind)}


@pytest.mark.parametrize(("connections", "depth"), [(1, 2), (1, 4), (3, 4), (4, 2), (2, 8)])
def test_intents_are_asked_for_ahead_and_never_more_than_may_be_in_doubt(connections: int, depth: int) -> None:
    result, server = run(
        Script(), samples(COUNT), connections=connections, intents_per_connection=depth, intend_takes=0.001
    )
    assert (result.error, of_kind(result, Accepted)) == (None, {f"key{number}" for number in range(COUNT)})
    assert len(set(recipients(server))) == len(server.messages) == COUNT
    assert len(result.ahead) > COUNT // 2
    assert not set(result.ahead) & {f"key{number}" for number in range(CALM)}
    assert result.most_in_doubt <= connections * depth


def test_with_one_intent_a_connection_nobody_ever_looks_ahead() -> None:
    result, _ = run(Script(), samples(COUNT), pipeline_depth=1, intents_per_connection=1)
    assert (result.ahead, result.most_in_doubt) == ([], 1)


def test_after_a_refusal_nothing_is_asked_for_ahead_until_all_goes_well_again() -> None:
    every_other = Script({"RCPT": [None, "550 5.1.1 unknown"] * COUNT})
    result, _ = run(every_other, samples(COUNT), connections=2)
    assert len(result.outcomes) == COUNT
    assert result.ahead == []


def test_a_slow_server_is_written_to_as_if_nobody_looked_ahead() -> None:
    async def main() -> Run:
        server = WireServer(distance=2 * HORIZON)
        async with wire_server(server):
            return await submit(server.port, samples(20), intents_per_connection=8)

    result = asyncio.run(main())
    assert of_kind(result, Accepted) == {f"key{number}" for number in range(20)}
    assert result.ahead == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "BODY", "END"])
@pytest.mark.parametrize("action", [DROP, RESET, "421 4.3.2 closing"])
def test_what_was_intended_ahead_goes_over_another_connection_when_one_breaks(step: str, action: str) -> None:
    script = Script({step: [*[None] * LATER, action]})
    result, server = run(script, samples(COUNT), intents_per_connection=4, intend_takes=0.001)
    assert result.error is None
    assert len(result.outcomes) == COUNT
    lost = of_kind(result, Uncertain)
    # Content and final dot leave in one write where the intent is down already.
    possible = {"END": [1], "BODY": [0, 1]}.get(step, [0])
    waiting = of_kind(result, Deferred)
    assert len(waiting if action.startswith("421") else lost) in possible
    assert not (lost if action.startswith("421") else waiting)
    assert len(set(recipients(server))) == len(server.messages), "nobody twice"
    assert len(of_kind(result, Accepted)) == COUNT - len(lost | waiting)
    assert server.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "END"])
def test_a_refusal_of_us_leaves_nothing_in_doubt_that_was_intended_ahead(step: str) -> None:
    script = Script({step: [*[None] * LATER, *[BLOCKED] * COUNT]})
    result, server = run(script, samples(COUNT), connections=2, intents_per_connection=4, intend_takes=0.001)
    assert isinstance(result.error, ProviderError)
    assert set(result.intended) <= result.outcomes.keys()
    assert len(of_kind(result, Accepted)) == len(server.messages)
    assert of_kind(result, Deferred) == result.outcomes.keys() - of_kind(result, Accepted)
    unsent = [one for one in result.outcomes.values() if isinstance(one, Deferred) and one.retry_after is not None]
    assert unsent
    assert {one.retry_after for one in unsent} == {timedelta()}


@pytest.mark.parametrize("withheld", [[f"key{number}" for number in range(LATER, LATER + 5)], ["key79"], ["key31"]])
def test_what_is_withheld_ahead_does_not_go(withheld: list[str]) -> None:
    result, server = run(Script(), samples(COUNT), intents_per_connection=4, withheld=withheld, intend_takes=0.001)
    assert result.error is None
    assert set(withheld) <= set(result.intended)
    assert set(withheld) & set(result.ahead)
    assert result.outcomes.keys() == {f"key{number}" for number in range(COUNT)} - set(withheld)
    assert len(server.messages) == COUNT - len(withheld)


def test_an_intent_that_has_grown_old_is_not_acted_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "FRESH", 0.0)
    script = Script({"MAIL": [*[None] * LATER, DROP]})
    result, server = run(script, samples(COUNT), intents_per_connection=4, intend_takes=0.001)
    assert result.error is None
    assert of_kind(result, Deferred)
    assert of_kind(result, Deferred) <= set(result.ahead)
    assert len(of_kind(result, Accepted)) == len(server.messages) == COUNT - len(of_kind(result, Deferred))


def test_a_message_under_which_connections_keep_breaking_waits_though_it_was_intended() -> None:
    script = Script({"MAIL": [*[None] * LATER, *[DROP] * 6]})
    result, _ = run(script, samples(COUNT), intents_per_connection=4, intend_takes=0.001)
    assert len(result.outcomes) == COUNT
    waiting = of_kind(result, Deferred)
    assert waiting
    assert all(result.outcomes[key].reply for key in waiting)
    assert not of_kind(result, Uncertain)


def test_a_server_that_hangs_up_at_once_from_then_on_is_not_called_for_ever() -> None:
    server = WireServer()

    def leave_for_good(verb: str, argument: str) -> str | None:
        if verb != "RCPT" or f"lid{LATER}@" not in argument:
            return None
        server.leaves_at_once = True
        return "421 4.3.2 closing"

    async def main() -> Run:
        async with asyncio.timeout(20), wire_server(server):
            return await submit(server.port, samples(COUNT))

    server.answer = leave_for_good
    result = asyncio.run(main())
    assert len(server.messages) == LATER
    assert set(result.intended) == result.outcomes.keys() & set(result.intended)
    assert of_kind(result, Uncertain) == set()
    assert server.connections <= 2 * COUNT


@pytest.mark.parametrize(("limit", "breaks"), [(7, 0), (20, 0), (100, 3)])
def test_no_more_is_in_doubt_when_one_connection_follows_the_other(limit: int, breaks: int) -> None:
    drops: list[str | None] = [*[None] * LATER, DROP] * breaks
    script = Script({"RCPT": drops})
    result, server = run(script, samples(200), messages_per_connection=limit, intend_takes=0.001)
    assert of_kind(result, Accepted) == {f"key{number}" for number in range(200)}
    assert len(server.messages) == 200
    assert len(result.ahead) > 100
    assert result.most_in_doubt <= 8


@pytest.mark.parametrize("withheld", [[], [f"key{number}" for number in range(10, COUNT, 3)]])
def test_a_refusal_is_not_the_outcome_of_what_is_not_yet_intended(withheld: list[str]) -> None:
    refusals = Script({"RCPT": [*[None] * 9, *[None, None, None, None, None, None, "550 5.1.1 unknown"] * COUNT]})
    result, _ = run(refusals, samples(COUNT), withheld=withheld, intend_takes=0.005)
    assert result.error is None
    assert not set(withheld) & {key for key in result.outcomes if key in result.intended}
    assert set(result.intended) - set(withheld) <= result.outcomes.keys()


def test_what_was_intended_before_a_server_stalled_is_not_acted_upon_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "FRESH", 0.1)
    result, server = run(Script(stalls={LATER: 0.5}), samples(COUNT))
    assert result.error is None
    late = of_kind(result, Deferred)
    assert late
    assert late <= set(result.ahead)
    assert len(of_kind(result, Accepted)) == len(server.messages) == COUNT - len(late)


FAULTS = [DROP, RESET, "421 4.3.2 bye", "450 4.2.1 later", "550 5.1.1 no", BLOCKED]


@pytest.mark.parametrize("seed", range(24))
def test_whatever_breaks_each_intended_message_has_one_outcome_and_nobody_gets_two(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    steps = {
        step: [chance.choice(faults) if chance.random() < 0.04 else None for _ in range(150)]
        for step, faults in {**dict.fromkeys(("MAIL", "RCPT", "DATA", "END"), FAULTS), "BODY": [DROP, RESET]}.items()
    }
    withheld = [f"key{number}" for number in range(60) if chance.random() < 0.1 * (seed % 2)]
    if seed % 3 == 0:
        monkeypatch.setattr(Signing, "sign", sign_slowly)
    result, server = run(
        Script(steps),
        samples(60),
        connections=chance.choice([1, 2, 3]),
        intents_per_connection=chance.choice([2, 4, 8]),
        messages_per_connection=chance.choice([7, 100]),
        intend_takes=0.001,
        withheld=withheld,
    )
    assert result.error is None or isinstance(result.error, ProviderError)
    assert set(result.intended) - set(withheld) <= result.outcomes.keys()
    assert not set(withheld) & {key for key in result.outcomes if key in result.intended}
    assert len(set(recipients(server))) == len(server.messages)


async def sign_slowly(_signing: Signing, message: Content) -> Content:
    await asyncio.sleep(0.002)
    return message


@pytest.mark.parametrize(
    ("gaps", "under_way", "room"),
    [
        ([], 0, 0),
        ([0.001], 1, 3),
        ([0.001], 4, 0),
        ([0.02], 1, 2),
        ([HORIZON * 1.1], 1, 0),
        ([0.0], 1, 3),
        ([1.0] * 20 + [0.001] * 40, 1, 3),
        ([0.001] * 40 + [1.0] * 20, 1, 0),
    ],
)
def test_how_far_a_connection_looks_ahead_follows_how_fast_messages_leave(
    gaps: list[float], under_way: int, room: int
) -> None:
    tempo, now = Tempo(4), 100.0
    tempo.note_ended(now)
    for gap in gaps:
        now += gap
        tempo.note_ended(now)
    assert tempo.room(under_way) == room
