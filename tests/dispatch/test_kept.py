"""I10: all attempts at a message have the same bytes, whatever becomes of its reader meanwhile."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from newsletter.dispatch import Controls, Dispatch, Settlement, kept, lease, ledger
from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain
from newsletter.render import Reader
from newsletter.store import tables
from newsletter.subscribers import parse_address, remove
from newsletter.tokens import Signer
from support.dispatching import ELSEWHERE, Bench, Scripted

READER = Reader(
    Mailbox("zoë@example.org", "Zoë"),
    DeliveryKey("k"),
    {"region": "Noord", "count": 2.5, "member": True, "since": date(2020, 2, 29), "topics": frozenset({"b", "a"})},
    {"web": "https://example.org/"},
)


def change_everything(bench: Bench) -> None:
    """Let people be called otherwise, live elsewhere, and have links signed by another key."""
    people = tables.subscribers
    with bench.database.writing() as connection:
        connection.execute(
            sa.update(people).values(
                first_name="Iemand", last_name="Anders", address="new-" + people.c.address, language="en"
            )
        )
    bench.signer = Signer.of((b"another secret, of thirty-two octets",))


def kept_rows(bench: Bench) -> int:
    with bench.database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.kept_readers)) or 0


def deferred(message: Message) -> Outcome:
    return Deferred(message.key, "451 not now")


def lost(message: Message) -> Outcome:
    return Uncertain(message.key, "no reply")


def unanswered(_message: Message) -> None:
    return None


def broken(_message: Message) -> Outcome:
    raise ProviderError("the connection broke")


def drive(bench: Bench, dispatch: Dispatch, decide: Callable[[Message], Outcome | None]) -> list[bytes]:
    """Drive a dispatch and give the bytes that were handed over."""
    sent: list[bytes] = []

    def look(message: Message) -> Outcome | Exception | None:
        sent.append(message.raw())
        try:
            return decide(message)
        except ProviderError as error:
            return error

    with suppress(ProviderError):
        bench.drive(dispatch, Scripted(look))
    return sent


@pytest.mark.parametrize("first", [deferred, lost, unanswered, broken])
def test_second_attempt_has_the_bytes_of_the_first(bench: Bench, first: Callable[[Message], Outcome | None]) -> None:
    bench.subscribe(["zoe"], first_name="Zoë")
    dispatch = bench.freeze()
    before = drive(bench, dispatch, first)
    assert kept_rows(bench) == 1
    change_everything(bench)
    if first is not deferred:
        Controls(bench.database, dispatch.id, "tester", bench.clock).settle(Settlement.RESEND)
    bench.clock.pass_by(hours=1)
    assert drive(bench, dispatch, lambda message: Accepted(message.key)) == before
    assert kept_rows(bench) == 0


def test_who_was_in_the_hands_of_a_killed_process_is_kept_as_soon_as_another_one_comes(bench: Bench) -> None:
    bench.subscribe(["zoe"], first_name="Zoë")
    dispatch = bench.freeze()
    dead = bench.take(dispatch, ELSEWHERE)
    with bench.database.writing() as connection:
        (zoe,) = ledger.claim(connection, dead, bench.clock(), 1)
        ledger.intend(connection, dead, bench.clock(), {zoe: DeliveryKey("k")})
    bench.clock.pass_by(seconds=lease.LASTING.total_seconds() + 1)
    drive(bench, dispatch, unanswered)
    assert kept_rows(bench) == 1


def test_who_was_never_handed_a_message_gets_it_as_they_are_now(bench: Bench) -> None:
    bench.subscribe(["zoe"], first_name="Zoë")
    dispatch = bench.freeze()
    change_everything(bench)
    (sent,) = drive(bench, dispatch, lambda message: Accepted(message.key))
    assert b"new-zoe@example.org" in sent
    assert kept_rows(bench) == 0


@pytest.mark.parametrize("last", [lambda message: Accepted(message.key), lambda message: Rejected(message.key, "550")])
def test_nothing_is_kept_of_who_is_at_the_end(bench: Bench, last: Callable[[Message], Outcome]) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    drive(bench, dispatch, deferred)
    bench.clock.pass_by(hours=1)
    drive(bench, dispatch, last)
    assert kept_rows(bench) == 0


@pytest.mark.parametrize("how", [Settlement.DROP, Settlement.ACCEPTED])
def test_nothing_is_kept_of_who_was_settled(bench: Bench, how: Settlement) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    drive(bench, dispatch, lost)
    assert kept_rows(bench) == 1
    Controls(bench.database, dispatch.id, "tester", bench.clock).settle(how)
    assert kept_rows(bench) == 0


def test_nothing_is_kept_of_a_dispatch_that_was_cancelled(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    drive(bench, dispatch, deferred)
    assert kept_rows(bench) == 1
    Controls(bench.database, dispatch.id, "tester", bench.clock).cancel()
    assert kept_rows(bench) == 0


def test_nothing_is_kept_of_who_was_erased(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()

    def be_erased(message: Message) -> Outcome:
        with bench.database.writing() as connection:
            address = parse_address("zoe@example.org")
            remove(connection, address, bench.clock(), bench.signer.address_hashes, suppress=False)
        return deferred(message)

    drive(bench, dispatch, be_erased)
    assert kept_rows(bench) == 0
    bench.clock.pass_by(hours=1)
    assert drive(bench, dispatch, deferred) == []


def test_kept_reader_comes_back_as_they_were(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    with bench.database.writing() as connection:
        number = connection.scalar(sa.select(tables.subscribers.c.id)) or 0
        kept.keep_readers(connection, dispatch, bench.clock(), {number: READER})
        kept.keep_readers(connection, dispatch, bench.clock() + timedelta(1), {number: replace(READER, values={})})
        assert kept.kept_readers(connection, dispatch, [number]) == {number: READER}
        assert kept.kept_readers(connection, replace(dispatch, id="other"), [number]) == {}
