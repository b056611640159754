"""What goes over the wire before earlier things are answered, and servers that cannot bear it."""

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers import smtp
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected, Uncertain
from newsletter.providers.smtp.keys import make_key_file
from support.real_smtp_server import Certificate, make_certificate
from support.smtp_server import CONTENT, Run, Sample, samples, submit
from support.wire_server import FAR, OFFERS, SILENCE, WireServer, wire_server

CHUNKING = (*OFFERS, "CHUNKING")


def run(server: WireServer, messages: Sequence[Sample], **options: Any) -> Run:
    async def main() -> Run:
        async with wire_server(server):
            return await submit(server.port, messages, **options)

    result = asyncio.run(main())
    assert result.tasks_left == 0
    return result


def kinds(result: Run) -> list[type[Outcome]]:
    return [type(result.outcomes[key]) for key in sorted(result.outcomes, key=lambda key: int(key[3:]))]


def number_of(argument: str) -> int:
    """Tell which message a recipient belongs to."""
    return int(argument.partition("<lid")[2].partition("@")[0])


def assert_all_taken_once(result: Run, server: WireServer, count: int) -> None:
    assert result.error is None
    assert kinds(result) == [Accepted] * count
    assert sorted(map(number_of, server.recipients)) == list(range(count))


def test_the_next_envelope_is_in_the_write_that_ends_a_message() -> None:
    # This server does not answer the end of a message before the next one has begun.
    server = WireServer(patient=8)
    result = run(server, samples(8), intents_per_connection=1, pipeline_depth=1)
    assert_all_taken_once(result, server, 8)
    joined = [read for read in server.reads if b"\r\n.\r\nMAIL FROM:<" in read]
    assert len(joined) == 7
    assert all(read.endswith(b"DATA\r\n") for read in joined)


def test_no_octet_of_the_final_dot_is_written_before_its_intent_is_down() -> None:
    server = WireServer()
    seen: list[int] = []

    async def main() -> None:
        async def source() -> AsyncIterator[Sample]:
            for message in samples(5):
                yield message

        async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
            async with asyncio.timeout(10):
                while sum(read.count(b"tekst.") for read in server.reads) <= len(seen):  # noqa: ASYNC110
                    await asyncio.sleep(0)  # until the content is there
            assert not b"".join(server.reads).endswith((b".\r\n.\r\n", b"\r\n.\r\n"))
            assert server.dots == len(seen)
            seen.append(len(keys))
            return frozenset(keys)

        async with wire_server(server):
            settings = smtp.Settings(host="127.0.0.1", tls="none", port=server.port, connections=1)
            async with smtp.open(settings) as provider:
                outcomes = [outcome async for outcome in provider.submit(source(), intend)]
        assert [type(outcome) for outcome in outcomes] == [Accepted] * 5

    asyncio.run(main())
    assert seen == [1] * 5
    assert server.dots == 5


def test_whole_messages_go_behind_each_other_to_a_server_far_away() -> None:
    server = WireServer(CHUNKING, distance=FAR)
    contents = [Sample(number, content=CONTENT * (number + 1)) for number in range(30)]
    result = run(server, contents, pipeline_depth=4)
    assert_all_taken_once(result, server, 30)
    assert [content for _, content in server.messages] == [one.content for one in contents], "dots are not doubled"
    assert server.most_unanswered >= 8, "each message has four replies, one of them to the RSET before it"
    assert server.commands[0].count("RSET") > 1
    assert not any(line.startswith("DATA") for line in server.commands[0])


@pytest.mark.parametrize("options", [{"pipeline_depth": 1, "distance": FAR}, {"pipeline_depth": 4}])
def test_a_near_server_or_a_depth_of_one_gets_one_message_at_a_time(options: dict[str, Any]) -> None:
    server = WireServer(CHUNKING, distance=options.pop("distance", 0))
    if not server.distance:
        server.offers = OFFERS
    result = run(server, samples(6), **options)
    assert_all_taken_once(result, server, 6)
    assert not any(line.startswith("BDAT") for line in server.commands[0])


@pytest.mark.parametrize("offers", [OFFERS, CHUNKING], ids=["data", "bdat"])
@pytest.mark.parametrize("verb", ["RCPT", "END"])
@pytest.mark.parametrize("in_octets", [False, True])
def test_every_reply_is_given_to_its_own_message(offers: Sequence[str], verb: str, in_octets: bool) -> None:
    never, later = [1, 4, 5, 9, 17], [2, 3, 11]

    def answer(said: str, argument: str) -> str | None:
        if said != verb:
            return None
        number = number_of(argument) if argument else -1
        return "550 5.1.1 unknown" if number in never else "451 4.3.0 later" if number in later else None

    server = WireServer(offers, answer, distance=FAR, in_octets=in_octets)
    result = run(server, samples(20), connections=2, pipeline_depth=4)
    assert result.error is None
    wanted = {**dict.fromkeys(never, Rejected), **dict.fromkeys(later, Deferred)}
    assert kinds(result) == [wanted.get(number, Accepted) for number in range(20)]
    assert sorted(map(number_of, server.recipients)) == [number for number in range(20) if number not in wanted]


@pytest.mark.parametrize("offers", [OFFERS, CHUNKING], ids=["data", "bdat"])
def test_withheld_messages_do_not_go_whatever_is_under_way(offers: Sequence[str]) -> None:
    server = WireServer(offers, distance=FAR)
    result = run(server, samples(20), withheld=["key0", "key3", "key4", "key19"], intend_takes=0.001)
    left = [number for number in range(20) if number not in (0, 3, 4, 19)]
    assert result.error is None
    assert sorted(result.outcomes, key=lambda key: int(key[3:])) == [f"key{number}" for number in left]
    assert sorted(map(number_of, server.recipients)) == left
    # Of whole messages nothing was written; in DATA the server has to be left, but not for each of several in a row.
    assert server.connections == (1 if offers is CHUNKING else 3)


def test_when_all_the_rest_is_withheld_the_server_is_left_in_peace() -> None:
    server = WireServer()
    result = run(server, samples(60), withheld=[f"key{number}" for number in range(5, 60)], connections=2)
    assert result.error is None
    assert len(result.outcomes) == len(server.messages) == 5
    assert server.connections <= 4


@pytest.mark.parametrize("offers", [OFFERS, CHUNKING, ()], ids=["data", "bdat", "one by one"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_server_that_hangs_up_after_some_messages_loses_none_and_is_learned(
    offers: Sequence[str], count: int
) -> None:
    server = WireServer(offers, closes_after=count, distance=FAR)
    result = run(server, samples(24))
    assert result.error is None
    taken = sorted(map(number_of, server.recipients))
    assert len(set(taken)) == len(taken), "nobody twice"
    outcomes = kinds(result)
    assert [number for number, kind in enumerate(outcomes) if kind is Accepted] == taken
    assert {kind for number, kind in enumerate(outcomes) if number not in taken} <= {Uncertain, Deferred}
    if offers is not CHUNKING:
        assert outcomes == [Accepted] * 24
        assert server.connections <= 24 // count + 2, "its limit is known by then"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("offers", [OFFERS, CHUNKING, ()], ids=["data", "bdat", "one by one"])
def test_421_at_any_moment_leaves_nobody_out_and_nobody_twice(offers: Sequence[str], seed: int) -> None:
    chance = random.Random(seed)

    def answer(verb: str, _argument: str) -> str | None:
        return "421 4.3.2 closing" if verb not in ("EHLO", "QUIT") and chance.random() < 0.05 else None

    server = WireServer(offers, answer, distance=FAR)
    result = run(server, samples(40), connections=3, pipeline_depth=4)
    assert result.error is None
    assert len(result.outcomes) == 40
    taken = sorted(map(number_of, server.recipients))
    assert len(set(taken)) == len(taken)
    accepted = [number for number, kind in enumerate(kinds(result)) if kind is Accepted]
    assert set(accepted) <= set(taken)
    unsettled = [number for number, kind in enumerate(kinds(result)) if kind is Uncertain]
    assert set(taken) <= set(accepted) | set(unsettled)
    assert unsettled == [], "421 says that nothing more is done"
    assert len(accepted) > 10


@pytest.mark.parametrize(
    ("offers", "forgets"),
    [(OFFERS, ("MAIL",)), (OFFERS, ("RCPT",)), (OFFERS, (".",)), (CHUNKING, ("MAIL",)), (CHUNKING, (".",))],
)
def test_a_server_that_lies_about_pipelining_is_asked_for_less(offers: Sequence[str], forgets: Sequence[str]) -> None:
    server = WireServer(offers, forgets_behind=forgets, distance=FAR)
    result = run(server, samples(12), timeout=0.5)
    assert result.error is None
    uncertain = kinds(result).count(Uncertain)
    assert uncertain <= (1 if offers is CHUNKING else 0)
    assert kinds(result).count(Accepted) == 12 - uncertain
    assert sorted(map(number_of, server.recipients)) == [
        number for number, kind in enumerate(kinds(result)) if kind is Accepted
    ]
    assert server.connections <= 6, "it was not tried for every message"


def test_a_server_that_only_offers_chunking_gets_data() -> None:
    server = WireServer(CHUNKING, lambda verb, _: "502 5.5.1 no such command" if verb == "BDAT" else None)
    server.distance = FAR
    result = run(server, samples(12))
    assert result.error is None
    assert kinds(result) == [Deferred, *[Accepted] * 11], "it was refused once, and said so"
    assert sum(line.startswith("BDAT") for lines in server.commands for line in lines) == 1


def test_a_server_that_takes_a_message_for_a_refused_recipient_is_not_believed() -> None:
    def answer(verb: str, argument: str) -> str | None:
        if verb == "RCPT" and number_of(argument) == 0:
            return "550 5.1.1 unknown"
        return "250 2.0.0 ok" if verb == "END" else None

    server = WireServer(CHUNKING, answer, distance=FAR)
    result = run(server, samples(3))
    assert kinds(result) == [Uncertain, Accepted, Accepted]
    assert "contradicts itself" in result.outcomes["key0"].reply


@pytest.mark.parametrize("offers", [OFFERS, CHUNKING], ids=["data", "bdat"])
def test_a_server_that_takes_the_content_and_says_nothing_leaves_it_uncertain(offers: Sequence[str]) -> None:
    silent = {2: SILENCE}
    server = WireServer(offers, lambda verb, argument: silent.get(number_of(argument)) if verb == "END" else None)
    server.distance = FAR
    result = run(server, samples(4), timeout=0.4)
    assert result.error is None
    assert isinstance(result.outcomes["key2"], Uncertain)
    assert isinstance(result.outcomes["key0"], Accepted)
    assert isinstance(result.outcomes["key1"], Accepted)
    assert len(result.outcomes) == 4


@pytest.mark.parametrize("offers", [OFFERS, CHUNKING, ()], ids=["data", "bdat", "one by one"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_server_that_lets_us_in_and_leaves_is_not_tried_for_ever(
    offers: Sequence[str], signed: bool, tmp_path: Path
) -> None:
    options: dict[str, Any] = {}
    if signed:  # which takes a while, in which the connection goes
        make_key_file(tmp_path / "rsa.pem", "example.org", "rsa", "rsa")
        options = {"dkim": {"rsa": tmp_path / "rsa.pem"}, "dkim_domain": "example.org"}
    server = WireServer(offers, leaves_at_once=True, distance=FAR)
    content = b"From: from@example.org\r\nSubject: x\r\n\r\nx\r\n"
    result = run(server, [Sample(number, content=content) for number in range(3)], **options)
    assert server.messages == []
    assert result.error is not None or kinds(result) == [Deferred] * 3
    assert server.connections <= 10


def test_servers_share_the_work_and_one_that_is_away_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    server = WireServer()
    result = run(server, samples(20), host=("127.0.0.1", "localhost"), connections=4)
    assert_all_taken_once(result, server, 20)
    assert server.connections >= 2
    assert not caplog.records

    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.2", 0))  # an address at which nobody listens
        server = WireServer()
        result = run(server, samples(10), host=("127.0.0.2", "127.0.0.1"), connections=2)
    assert_all_taken_once(result, server, 10)
    (warning,) = caplog.messages
    assert "127.0.0.2" in warning
    assert "left out while another server answers" in warning


def test_when_every_server_is_away_the_first_is_named() -> None:
    async def main() -> Run:
        async with wire_server(WireServer()) as server:
            port = server.port
        return await submit(port, samples(1), host=("127.0.0.2", "127.0.0.3"))

    error = asyncio.run(main()).error
    assert isinstance(error, ProviderError)
    assert "127.0.0.2" in str(error)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls") / "certificate.pem")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_that_fails_half_way_lets_nothing_out(certificate: Certificate, tls: Any, tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if tls == "starttls":
            writer.write(b"220 half.example ESMTP\r\n")
            heard.append(await reader.readline())
            writer.write(b"250-half.example\r\n250 STARTTLS\r\n")
            heard.append(await reader.readline())
            writer.write(b"220 go ahead\r\n")
        heard.append(await reader.read(5))  # the beginning of a handshake
        writer.write(b"\x16\x03\x03\x00\x7a\x02\x00")
        await writer.drain()
        writer.close()

    async def main() -> Run:
        listening = await asyncio.start_server(accept, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            options = {"host": "localhost", "tls": tls, "ca_file": certificate.file, "username": "smid"}
            return await submit(port, samples(1), password="geheim", **options)

    result = asyncio.run(main())
    assert isinstance(result.error, ProviderError)
    assert (result.outcomes, result.tasks_left) == ({}, 0)
    assert not any(b"geheim" in line or b"AUTH" in line for line in heard)
    assert heard[-1][:1] == b"\x16", "a handshake, and nothing in the clear"
    assert isinstance(certificate.server, ssl.SSLContext)
