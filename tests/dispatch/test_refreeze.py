"""A dispatch of which nothing was handed over can be frozen anew; any other cannot."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection
from newsletter.dispatch import Dispatch, Stop, propose, refreeze
from newsletter.errors import DispatchError, ProviderError
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain
from newsletter.store import tables
from support.dispatching import ELSEWHERE, SLUG, Bench, Scripted


def anew(bench: Bench, dispatch: Dispatch, provider: str | None = None) -> Dispatch:
    return refreeze(bench.surroundings, dispatch, propose(bench.surroundings, SLUG, Selection("leden"), provider))


def dispatches(bench: Bench) -> list[str]:
    with bench.database.reading() as connection:
        return list(connection.scalars(sa.select(tables.dispatches.c.id)))


def test_untouched_dispatch_gives_way_to_one_with_what_is_there_now(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    old = bench.freeze()
    with pytest.raises(ProviderError):
        bench.drive(old, Scripted(before_intent=lambda _message: refuse()))
    bench.subscribe(["mo"])
    new = anew(bench, old)
    assert dispatches(bench) == [new.id]
    assert new.id != old.id
    assert bench.drive(new, Scripted()).equation() == "2 selected = 2 accepted + 0 rejected + 0 excluded + 0 uncertain"


def refuse() -> None:
    raise ProviderError("wrong password")


@pytest.mark.parametrize(
    "outcome",
    [
        lambda message: Accepted(message.key),
        lambda message: Rejected(message.key, "550"),
        lambda message: Deferred(message.key, "450"),
        lambda message: Uncertain(message.key, "lost"),
        lambda _message: None,
    ],
)
def test_dispatch_of_which_one_message_went_out_stays_as_it_is(
    bench: Bench, outcome: Callable[[Message], Outcome | None]
) -> None:
    bench.subscribe(["zoe", "mo"])
    old, stop = bench.freeze(), Stop()

    def once(message: Message) -> Outcome | None:
        stop.ask()
        return outcome(message)

    before = bench.drive(old, Scripted(once), stop)
    with pytest.raises(DispatchError, match="handed over already, or may have been"):
        anew(bench, old)
    assert dispatches(bench) == [old.id]
    assert bench.drive(old, Scripted(), stop).equation() == before.equation()


def test_dispatch_that_another_process_is_sending_stays_as_it_is(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    old = bench.freeze()
    bench.take(old, ELSEWHERE)
    with pytest.raises(DispatchError, match="another process is sending"):
        anew(bench, old)
    assert dispatches(bench) == [old.id]


def test_dispatch_stays_where_nobody_is_left_to_freeze_anew_for(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    old = bench.freeze()
    with bench.database.writing() as connection:
        connection.execute(sa.delete(tables.subscribers))
    with pytest.raises(DispatchError, match="nobody on the list"):
        anew(bench, old)
    assert dispatches(bench) == [old.id]
