"""The SMTP provider against real servers that behave, and scripted ones that do not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from pydantic import ValidationError

from newsletter.errors import ProviderError, StoreError
from newsletter.message import DeliveryKey
from newsletter.providers import smtp
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected, Uncertain
from newsletter.providers.smtp.letter import dot_stuff
from newsletter.providers.smtp.protocol import GarbageError, Reply, ReplyReader, read_extensions
from support.real_smtp_server import Certificate, make_certificate, run_real
from support.smtp_server import CONTENT, DROP, EHLO, HANG, RESET, Run, Sample, Script, run, samples, serve, submit

PASSWORD = "geheim van de smid"
STUFFED = b"Subject: x\r\n\r\n..\r\n...\r\n..een\r\ntekst.\r\n\r\n..\r\n"
ONE_BY_ONE = ("SIZE 1000000",)
SILENT = {HANG, "3"}
"""What a server may do that only running out of patience ends."""


def patience(action: str) -> float:
    """Give the seconds to wait for a server; short only where it will say nothing, as machines may be busy."""
    return 0.6 if action in SILENT else 30


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls") / "certificate.pem")


def only_the_smith(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"smid", PASSWORD.encode()), handled=False)


def test_messages_arrive_byte_for_byte() -> None:
    big = Sample(2, content=b"Subject: x\r\n\r\n" + b".\r\n..a\r\n" * 60_000)
    strange = Sample(3, "zoë@münchen.example", content="To: zoë@example\r\n\r\nx".encode())
    result, keeper = run_real([*samples(2), big, strange], {"enable_SMTPUTF8": True}, connections=2)
    assert result.error is None
    accepted = "250 2.0.0 Ok: queued as 1234"
    keys = ["key0", "key1", "key2", "key3"]
    assert result.outcomes == {key: Accepted(DeliveryKey(key), "1234", accepted) for key in keys}
    taken = {recipient: (sender, content) for sender, (recipient,), content in keeper.taken}
    assert taken == {
        "lid0@example.com": ("bounces@example.org", CONTENT),
        "lid1@example.com": ("bounces@example.org", CONTENT),
        "lid2@example.com": ("bounces@example.org", big.content),
        "zoë@xn--mnchen-3ya.example": ("bounces@example.org", strange.content + b"\r\n"),
    }


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_login_under_tls(certificate: Certificate, tls: str, mechanism: str) -> None:
    server = {
        "authenticator": only_the_smith,
        "auth_required": True,
        "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - {mechanism},
        "auth_require_tls": tls == "starttls",
        "tls_context": certificate.server if tls == "starttls" else None,
    }
    options: dict[str, Any] = {"host": "localhost", "tls": tls, "ca_file": certificate.file, "username": "smid"}
    context = certificate.server if tls == "implicit" else None
    result, keeper = run_real(samples(3), server, context, password=PASSWORD, **options)
    assert (result.error, len(result.outcomes), len(keeper.taken)) == (None, 3, 3)
    result, keeper = run_real(samples(3), server, context, password="iets anders", **options)
    assert isinstance(result.error, ProviderError)
    assert "refuses us at AUTH: 535 5.7.8" in str(result.error)
    assert "iets anders" not in str(result.error)
    assert not result.outcomes


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_login_that_is_needed_blames_nobody() -> None:
    result, _ = run_real(samples(2), {"auth_required": True, "auth_require_tls": False})
    assert isinstance(result.error, ProviderError)
    assert "set username and password" in result.error.remedy
    assert not result.outcomes


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_certificates_are_checked(certificate: Certificate, tls: str) -> None:
    server = {"tls_context": certificate.server} if tls == "starttls" else {}
    context = certificate.server if tls == "implicit" else None
    result, _ = run_real(samples(1), server, context, tls=tls, host="localhost")
    assert "shows a certificate that does not hold" in str(result.error)
    result, _ = run_real(samples(1), server, context, tls=tls, ca_file=certificate.file)
    assert "IP address mismatch" in str(result.error), "the certificate is for localhost"


def test_tls_is_never_done_without(certificate: Certificate) -> None:
    result, server = run(Script(), samples(1), tls="starttls", username="smid", password=PASSWORD)
    assert "offers no STARTTLS" in str(result.error)
    assert [line.split()[0] for line in server.commands] == ["EHLO"]
    result, _ = run(Script(), samples(1), tls="implicit")
    assert "does no TLS here" in str(result.error)


def test_words_slipped_in_before_tls_are_refused(certificate: Certificate) -> None:
    script = Script(
        {"STARTTLS": "220 go ahead\r\n250-test.example\r\n250 AUTH PLAIN"}, ("STARTTLS",), context=certificate.server
    )
    result, server = run(script, samples(1), host="localhost", tls="starttls", ca_file=certificate.file)
    assert "between STARTTLS and TLS" in str(result.error)
    assert server.commands[-1] == "STARTTLS"


@pytest.mark.parametrize("step", ["GREETING", "EHLO"])
@pytest.mark.parametrize("action", [DROP, RESET, HANG, "421 4.3.2 busy", "554 5.7.1 no", "HTTP/1.1 400", "220" * 2000])
def test_not_let_in(step: str, action: str) -> None:
    result, _ = run(Script({step: action}), samples(3), timeout=patience(action), connections=2)
    assert isinstance(result.error, ProviderError)
    assert result.error.remedy
    assert not result.outcomes


LATER, NEVER = "450 4.2.0 <lid0@example.com> later", "550 5.1.1 <lid0@example.com> unknown"


@pytest.mark.parametrize("extensions", [EHLO, ONE_BY_ONE], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("action", [LATER, NEVER])
def test_refusals(step: str, action: str, extensions: tuple[str, ...]) -> None:
    result, server = run(Script({step: [action]}, extensions), samples(3))
    if (step, action) == ("MAIL", NEVER):
        assert isinstance(result.error, ProviderError)
        assert "lid0" not in str(result.error)
        assert not result.outcomes
        return
    assert result.error is None
    words = action.replace("lid0@example.com", "(address)")
    key = DeliveryKey("key0")
    assert result.outcomes.pop("key0") == (Deferred(key, words) if action == LATER else Rejected(key, words))
    assert {type(outcome) for outcome in result.outcomes.values()} == {Accepted}
    assert ("key0" in result.intended) == (step == "END")
    assert (server.connections, server.times["RSET"]) == (1, 1)
    assert [one.recipient for one in server.messages] == ["TO:<lid1@example.com>", "TO:<lid2@example.com>"]


@pytest.mark.parametrize("extensions", [EHLO, ONE_BY_ONE], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("action", [DROP, RESET, HANG, "421 4.3.2 closing", "wat?", "250-a\r\n251 b", "3"])
def test_broken_connections(step: str, action: str, extensions: tuple[str, ...]) -> None:
    once, _ = run(Script({step: [action]}, extensions), samples(1), timeout=patience(action))
    twice, server = run(Script({step: action}, extensions), samples(1), timeout=patience(action))
    assert (once.error, twice.error) == (None, None)
    if step != "END":
        assert isinstance(once.only(), Accepted), "it was tried again on a new connection"
        assert isinstance(twice.only(), Deferred)
        assert (server.connections, server.messages, twice.intended) == (2, [], [])
        return
    wanted = Deferred if action.startswith("421") else Uncertain
    assert isinstance(once.only(), wanted)
    assert isinstance(twice.only(), wanted)
    assert server.connections == 1, "what may have been taken is not sent again"


def test_a_server_that_drops_a_long_content() -> None:
    long = Sample(0, content=b"Subject: x\r\n\r\n" + b"tekst\r\n" * 2_000_000)
    result, server = run(Script({"BODY": DROP}, ONE_BY_ONE[:0]), [long])
    assert isinstance(result.only(), Deferred)
    assert (server.connections, server.messages, result.intended) == (2, [], [])


@pytest.mark.parametrize("action", [DROP, RESET, "421 4.3.2 closing", "552 5.3.4 too big"])
def test_a_server_that_leaves_before_the_final_dot(action: str) -> None:
    result, server = run(Script({"BODY": [action]}), samples(2), intend_takes=0.1)
    assert [type(result.outcomes[key]) for key in ("key0", "key1")] == [Deferred, Accepted]
    assert len(server.messages) == 1


def test_no_dot_is_written_for_a_recipient_that_may_have_been_taken() -> None:
    # A server that answers DATA with 354 whatever it refused before.
    script = Script({"MAIL": ["450 4.3.0 later"], "RCPT": ["250 ok", "450 4.2.0 later"], "DATA": "354 go on"})
    result, server = run(script, samples(3))
    assert [type(result.outcomes[f"key{number}"]) for number in range(3)] == [Deferred, Deferred, Accepted]
    assert (server.connections, server.times["RSET"]) == (2, 1)
    assert [one.recipient for one in server.messages] == ["TO:<lid2@example.com>"]


def test_an_unexpected_reply_is_not_taken_for_the_next() -> None:
    result, server = run(Script({"DATA": ["354 go on\r\n250 2.0.0 queued"]}), samples(2), timeout=1)
    assert {type(outcome) for outcome in result.outcomes.values()} == {Accepted}
    assert len(server.messages) == 2


def test_a_server_that_only_offers_pipelining() -> None:
    result, _ = run(Script({"RCPT": [HANG]}), samples(1), timeout=patience(HANG))
    assert result.only() == Accepted(DeliveryKey("key0"), "4XyZ", "250 2.0.0 Ok: queued as 4XyZ")


def test_old_servers_are_greeted_with_helo() -> None:
    result, server = run(Script({"EHLO": "502 what?"}), samples(1), helo="mail.example.org")
    assert isinstance(result.only(), Accepted)
    assert server.commands[:3] == ["EHLO mail.example.org", "HELO mail.example.org", "MAIL FROM:<bounces@example.org>"]


def test_withheld_messages_are_not_sent() -> None:
    result, server = run(Script(), samples(6), withheld=["key1", "key2"], connections=2)
    assert result.error is None
    assert sorted(result.outcomes) == ["key0", "key3", "key4", "key5"]
    assert len(server.messages) == 4


def test_an_error_of_intend_ends_the_submission() -> None:
    result, server = run(Script(), samples(6), intend_error=StoreError("weg"), connections=3)
    assert isinstance(result.error, StoreError)
    assert (result.outcomes, server.messages) == ({}, [])


def test_connections_are_reused_and_replaced() -> None:
    result, server = run(Script(), samples(40), connections=4, messages_per_connection=5)
    assert len(result.outcomes) == len(server.messages) == 40
    assert server.most_open <= 5, "one may be on its way out"
    assert 8 <= server.connections <= 12
    assert server.times["QUIT"] == server.connections


def test_a_server_with_little_room_still_gets_everything() -> None:
    result, server = run(Script(room=2), samples(40), connections=8)
    assert result.error is None
    assert {type(outcome) for outcome in result.outcomes.values()} == {Accepted}
    assert len(server.messages) == 40


def test_after_a_refusal_the_others_finish() -> None:
    script = Script({"MAIL": [None, None, None, None, "550 5.7.1 quota"] + ["550 5.7.1 quota"] * 9})
    result, server = run(script, samples(20), connections=3)
    assert isinstance(result.error, ProviderError)
    assert len(result.outcomes) == len(server.messages) == 4


def test_closing_early_leaves_nothing_behind() -> None:
    async def main() -> None:
        async def source() -> AsyncIterator[Sample]:
            for number in range(1000):
                yield Sample(number)

        async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
            return frozenset(keys)

        async with serve(Script()) as server:
            settings = smtp.Settings(host="127.0.0.1", tls="none", port=server.port)
            async with smtp.open(settings) as provider:
                submitted: Any = provider.submit(source(), intend)
                async with aclosing(submitted):
                    outcome: Outcome = await anext(submitted)
                    assert isinstance(outcome, Accepted)
                assert provider.limits.message_bytes == 1_000_000
                left = [task for task in asyncio.all_tasks() if "_Submission" in repr(task)]
                assert left == []
            await asyncio.sleep(0.05)
            assert server.open_now == 0

    asyncio.run(main())


@pytest.mark.parametrize(
    "address", ["zoë@example.com", "a b@example.com", "a>@example.com", "a\r\nRSET@example.com", "leeg@", "a@b\nc"]
)
def test_addresses_that_cannot_travel(address: str) -> None:
    result, server = run(Script(), [Sample(0, address), Sample(1)])
    assert isinstance(result.outcomes["key0"], Rejected)
    assert address not in result.outcomes["key0"].reply
    assert isinstance(result.outcomes["key1"], Accepted)
    assert len(server.messages) == 1


def test_content_that_cannot_travel() -> None:
    smuggled = Sample(0, content=b"a\r\n\r\nx\n.\nMAIL FROM:<x@example.org>\r\n")
    assert isinstance(run(Script(), [smuggled])[0].only(), Rejected)


def test_nobody_is_there() -> None:
    async def main(**options: Any) -> Run:
        async with serve(Script()) as server:
            port = server.port
        return await submit(port, samples(1), **options)

    assert "cannot be reached" in str(asyncio.run(main()).error)
    assert "cannot be reached" in str(asyncio.run(main(host="nergens.invalid")).error)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "smtp.example.org:587"}, "not the name of a host"),
        ({"host": "https://smtp.example.org"}, "not the name of a host"),
        ({"username": "smid"}, "has no password"),
        ({"password": PASSWORD}, "has no username"),
        ({"username": "smid", "password": PASSWORD, "tls": "none"}, "in the clear"),
        ({"ca_file": "weg.pem"}, "no such file"),
        ({"helo": "a b"}, "not the name of a host"),
        ({"tls": "ssl"}, "starttls"),
        ({"host": []}, "at least 1"),
        ({"host": ["smtp.example.org", "smtp.example.org:587"]}, "not the name of a host"),
        ({"host": ["localhost", "a.example"], "username": "smid", "password": PASSWORD, "tls": "none"}, "in the clear"),
        ({"pipeline_depth": 0}, "greater than"),
        ({"port": 0}, "greater than"),
    ],
)
def test_settings_that_do_not_fit(options: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=words):
        smtp.Settings.model_validate({"host": "smtp.example.org", **options}, context={"root": tmp_path})


def test_settings_that_fit(certificate: Certificate) -> None:
    login = {"username": "smid", "password": PASSWORD, "tls": "none"}
    for host in ("localhost", "127.0.0.1", "::1"):
        assert smtp.Settings.model_validate({"host": host, **login}).host == host
    several = smtp.Settings.model_validate({"host": ["a.example", "bücher.example", "a.example"]})
    assert several.hosts == ("a.example", "xn--bcher-kva.example")
    context = {"root": certificate.file.parent}
    found = smtp.Settings.model_validate({"host": "bücher.example", "ca_file": "certificate.pem"}, context=context)
    assert (found.host, found.ca_file) == ("xn--bcher-kva.example", certificate.file)
    assert PASSWORD not in repr(smtp.Settings.model_validate({"host": "localhost", **login}))


def test_replies_may_come_in_any_pieces() -> None:
    octets = b"250-Hoi\r\n250-SIZE 1000\r\n250-auth=LOGIN\r\n250-AUTH LOGIN PLAIN\r\n250 smtputf8\r\n354\r\n"
    reader, replies = ReplyReader(), list[Reply]()
    for place in range(len(octets)):
        reader.feed(octets[place : place + 1])
        while reply := reader.next_reply():
            replies.append(reply)
    assert reader.is_empty
    assert [reply.code for reply in replies] == [250, 354]
    extensions = read_extensions(replies[0])
    assert extensions.message_bytes == 1000
    assert extensions.mechanisms == {"LOGIN", "PLAIN"}
    assert "SMTPUTF8" in extensions


@pytest.mark.parametrize("octets", [b"\r\n", b"25\r\n", b"250-a\r\n550 b\r\n", b"x" * 5000, b"250-a\r\n" * 300])
def test_garbage_is_no_reply(octets: bytes) -> None:
    reader = ReplyReader()
    reader.feed(octets)
    with pytest.raises(GarbageError):
        reader.next_reply()


def test_dots_are_doubled() -> None:
    assert dot_stuff(CONTENT) == STUFFED
    assert dot_stuff(b".\r\n.\r\n") == b"..\r\n..\r\n"
