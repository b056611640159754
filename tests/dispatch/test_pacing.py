"""A dispatch under limits: who has to wait is deferred with why, the account balances, and it goes on."""

import asyncio
from datetime import timedelta

from newsletter.audience import Selection
from newsletter.dispatch import Receipt, State, Stop, write_receipt
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.pacing import Buckets, Pacer
from newsletter.dispatch.pacing.rules import Rules
from newsletter.dispatch.send import propose
from newsletter.providers.base import Deferred
from support.dispatching import SLUG, Bench, Scripted
from support.pacing import make_rules, plan

NAMES = tuple(f"reader{number:02d}" for number in range(12))


def drive(bench: Bench, dispatch: Dispatch, provider: Scripted, rules: Rules) -> Receipt:
    pacer = Pacer(Buckets(bench.database, rules, bench.clock, server_time=False), bench.clock)
    asyncio.run(drive_with(bench.surroundings, dispatch, provider, lambda _: None, Stop(), pacer=pacer))
    return write_receipt(bench.database, dispatch)


def test_what_a_warm_up_has_no_room_for_is_deferred_until_tomorrow(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch, provider = bench.freeze(), Scripted()
    rules = make_rules(warm_up=plan(5, 100, start=bench.clock()))
    receipt = drive(bench, dispatch, provider, rules)
    assert receipt.balance.states[State.ACCEPTED] == 5
    assert receipt.balance.states[State.DEFERRED] == 7
    assert receipt.next_due is not None
    assert receipt.next_due.isoformat() == "2024-02-20T23:00:01+00:00"
    assert [(one.words, one.count) for one in receipt.replies] == [
        ("example.org: no more than 5 today, while the sender warms up", 7)
    ]
    bench.clock.moment = receipt.next_due
    assert drive(bench, dispatch, provider, rules).complete
    assert len(provider.handed_over) == len(set(provider.handed_over)) == 12


def test_nobody_waits_beyond_the_deadline(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    rules = make_rules(warm_up=plan(5, start=bench.clock() + timedelta(days=30)))
    receipt = drive(bench, dispatch, Scripted(), rules)
    assert receipt.next_due == dispatch.deadline
    bench.clock.moment = dispatch.deadline
    assert drive(bench, dispatch, Scripted(), rules).balance.reasons == {"expired": 12}


def test_complaint_is_kept_for_those_who_send_after_us(bench: Bench) -> None:
    bench.subscribe(NAMES[:1])
    provider = Scripted(lambda message: Deferred(message.key, "421 4.7.0 too many connections"))
    drive(bench, bench.freeze(), provider, make_rules())
    buckets = Buckets(bench.database, make_rules(), bench.clock, server_time=False)
    assert buckets.standing().keys() == {"domain:example.org"}


def test_proposal_says_how_long_it_takes(bench: Bench) -> None:
    bench.subscribe(NAMES)
    with bench.workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write("\n[limits.outbox]\nper_minute = 1\n")
    proposal = propose(bench.surroundings, SLUG, Selection("leden"), None)
    assert proposal.forecast.line() == "takes 11 min at least, under the limit of outbox"
    assert propose(bench.surroundings, SLUG, Selection("leden", "noord"), None).forecast.line() == ""
