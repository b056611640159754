"""A ledger that is asked ahead for intents keeps its account, whatever the server says of single readers."""

import asyncio
from collections import Counter

import pytest

from newsletter.dispatch import Dispatch, Stop
from newsletter.dispatch.driving import drive_with
from newsletter.providers import smtp
from support.dispatching import Bench
from support.smtp_server import Script, ScriptedServer, serve

READERS = 150
REFUSED = "550 5.1.1 unknown user"


async def send(bench: Bench, dispatch: Dispatch, script: Script, connections: int) -> ScriptedServer:
    async with serve(script) as server:
        options = {"host": "127.0.0.1", "tls": "none", "port": server.port, "timeout": 5.0, "connections": connections}
        async with smtp.open(smtp.Settings.model_validate(options)) as provider:
            await drive_with(bench.surroundings, dispatch, provider, lambda _: None, Stop(), None)
    return server


@pytest.mark.parametrize(("every", "connections"), [(8, 1), (7, 1), (9, 4), (11, 3)])
def test_refused_readers_are_rejected_and_all_others_are_sent_to(bench: Bench, every: int, connections: int) -> None:
    bench.subscribe([f"reader{number}" for number in range(READERS)])
    dispatch = bench.freeze()
    refusing = Script({"RCPT": [*[None] * (every - 1), REFUSED] * READERS})
    server = asyncio.run(send(bench, dispatch, refusing, connections))
    assert Counter(bench.states(dispatch).values()) == {
        "accepted": READERS - READERS // every,
        "rejected": READERS // every,
    }
    assert len({message.recipient for message in server.messages}) == len(server.messages) == READERS - READERS // every
