"""One issue for two audiences: whoever is in both gets it once, and not never."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience import Selection
from newsletter.dispatch import Dispatch, Stop, accept, propose, write_receipt
from newsletter.dispatch import freeze as freezing
from newsletter.dispatch.transactions import LOOK_AGAIN
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain
from newsletter.store import open_database
from newsletter.subscribers import parse_address, synchronise_attributes, unsubscribe
from support.dispatching import SLUG, Bench, Clock, Scripted
from support.postgresql import Cluster, wait_for_lock

BOTH = ("leden", "anderen")


def on_both(bench: Bench, *names: str) -> tuple[Dispatch, Dispatch]:
    """Put people on both lists and freeze a dispatch to each, one after the other."""
    for name in BOTH:
        bench.subscribe(names, to=name)
    first = bench.freeze(to="leden")
    bench.clock.pass_by(minutes=1)
    return first, bench.freeze(to="anderen")


def leave(bench: Bench, name: str, list_name: str) -> None:
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address(f"{name}@example.org"), list_name, bench.clock())


def drive(bench: Bench, dispatch: Dispatch, decide: Callable[[Message], Outcome] | None = None) -> list[str]:
    provider = Scripted(decide) if decide else Scripted()
    bench.drive(dispatch, provider)
    return [address.partition("@")[0] for address in provider.handed_over]


@pytest.mark.parametrize("left", BOTH)
def test_who_leaves_one_list_after_the_freeze_gets_it_by_the_other(two_lists: Bench, left: str) -> None:
    dispatches = on_both(two_lists, "jan")
    leave(two_lists, "jan", left)
    assert [drive(two_lists, dispatch) for dispatch in dispatches] == [
        [] if dispatch.list == left else ["jan"] for dispatch in dispatches
    ]


def test_later_dispatch_waits_for_what_becomes_of_the_earlier(two_lists: Bench) -> None:
    first, second = on_both(two_lists, "jan")
    two_lists.subscribe(["piet"], to="anderen")
    assert drive(two_lists, second) == []
    receipt = write_receipt(two_lists.database, second)
    assert [(one.state, one.words) for one in receipt.replies] == [("deferred", f"dispatch {first.id} goes first")]
    assert not receipt.complete
    assert drive(two_lists, first) == ["jan"]
    two_lists.clock.moment += LOOK_AGAIN
    assert drive(two_lists, second) == []
    assert two_lists.receipt.balance.reasons == {"duplicate": 1}
    assert two_lists.receipt.balance.is_settled


def test_earlier_dispatch_holds_nobody_up_after_its_deadline(two_lists: Bench) -> None:
    first, second = on_both(two_lists, "jan")
    two_lists.clock.moment = first.deadline
    assert drive(two_lists, second) == ["jan"]
    assert drive(two_lists, first) == []
    assert two_lists.receipt.balance.reasons == {"expired": 1}


def test_dispatch_that_is_frozen_while_another_is_driven_takes_nobody_from_it(two_lists: Bench) -> None:
    """The first had no rival when it began to hand over, and learns of this one in the middle of it."""
    names = ["jan", "piet", "kees"]
    for name in BOTH:
        two_lists.subscribe(names, to=name)
    first = two_lists.freeze()
    by_second: list[str] = []

    def freeze_another(_message: Message) -> None:
        if not by_second:
            two_lists.clock.pass_by(minutes=1)
            second = two_lists.freeze(to="anderen")
            thread = threading.Thread(target=lambda: by_second.extend(["driven", *drive(two_lists, second)]))
            thread.start()
            thread.join()

    provider = Scripted(after_intent=freeze_another)
    two_lists.drive(first, provider)
    assert len(provider.handed_over) == 3
    assert by_second == ["driven"]


def test_machines_whose_clocks_differ_about_the_deadline_hand_over_once(two_lists: Bench) -> None:
    """The later dispatch is driven by a clock that is ahead, between claim and intent of the earlier one."""
    first, second = on_both(two_lists, "jan")
    elsewhere = replace(two_lists, clock=Clock(first.deadline))
    by_second: list[str] = []

    def be_overtaken(_message: Message) -> None:
        thread = threading.Thread(target=lambda: by_second.extend(drive(elsewhere, second)))
        thread.start()
        thread.join()

    provider = Scripted(before_intent=be_overtaken)
    assert two_lists.drive(first, provider).balance.reasons == {"duplicate": 1}
    assert provider.handed_over == []
    assert by_second == ["jan"]


def test_who_was_refused_for_good_is_tried_by_the_other_dispatch(two_lists: Bench) -> None:
    first, second = on_both(two_lists, "jan")
    assert drive(two_lists, first, lambda message: Rejected(message.key, "550")) == ["jan"]
    assert drive(two_lists, second) == ["jan"]


@pytest.mark.parametrize("outcome", [Accepted, lambda key: Uncertain(key, "lost")])
def test_who_may_have_it_is_left_out_by_the_other_dispatch(two_lists: Bench, outcome: Callable[[str], Outcome]) -> None:
    first, second = on_both(two_lists, "jan")
    drive(two_lists, first, lambda message: outcome(message.key))
    assert drive(two_lists, second) == []
    assert two_lists.receipt.balance.reasons == {"duplicate": 1}


def test_proposal_counts_as_duplicates_those_who_may_have_it_and_nobody_else(two_lists: Bench) -> None:
    two_lists.subscribe(["jan", "piet", "kees"])
    two_lists.subscribe(["jan", "piet", "kees", "zoe"], to="anderen")

    def decide(message: Message) -> Outcome:
        fates = {
            "jan": Accepted(message.key),
            "piet": Deferred(message.key, "450"),
            "kees": Rejected(message.key, "550"),
        }
        return fates[message.recipient.address.partition("@")[0]]

    two_lists.drive(two_lists.freeze(), Scripted(decide))
    proposal = propose(two_lists.surroundings, SLUG, Selection("anderen"), None)
    assert proposal.audience.excluded == {"duplicate": 1}
    assert (proposal.audience.planned, proposal.audience.waiting) == (3, 1)
    second = accept(two_lists.surroundings, proposal)
    assert two_lists.states(second) == {"jan": "excluded", "piet": "planned", "kees": "planned", "zoe": "planned"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("other", [Selection("anderen"), Selection("leden", "noord")])
def test_two_freezes_at_the_same_time_do_not_cross(two_lists: Bench, other: Selection) -> None:
    """The second waits for the first; equal content that neither has kept yet is kept once."""
    two_lists.subscribe(["jan"], region="Noord")
    two_lists.subscribe(["jan"], to="anderen")
    one = propose(two_lists.surroundings, SLUG, Selection("leden"), None)
    two = propose(two_lists.surroundings, SLUG, other, None)
    frozen: list[Dispatch] = []
    thread = threading.Thread(target=lambda: frozen.append(accept(two_lists.surroundings, two)))
    with two_lists.database.writing() as connection:
        first = freezing.freeze(connection, one.plan, two_lists.definitions, two_lists.clock())
        thread.start()
        assert wait_for_lock(two_lists.database)
    thread.join()
    two_lists.clock.pass_by(minutes=1)
    assert sorted([*drive(two_lists, first), *drive(two_lists, frozen[0])]) == ["jan"]


def test_two_runs_at_once_hand_nobody_over_twice(two_lists: Bench) -> None:
    names = [f"reader{number}" for number in range(80)]
    dispatches = on_both(two_lists, *names)
    handed_over: Counter[str] = Counter()
    failures: list[BaseException] = []
    barrier = threading.Barrier(2)

    def run(dispatch: Dispatch) -> None:
        try:
            barrier.wait()
            handed_over.update(drive(two_lists, dispatch))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=[dispatch]) for dispatch in dispatches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    two_lists.clock.moment += LOOK_AGAIN
    for dispatch in dispatches:
        handed_over.update(drive(two_lists, dispatch))
        assert two_lists.receipt.balance.is_settled
    assert handed_over == dict.fromkeys(names, 1)


PEOPLE = ("jan", "piet", "kees")
outcomes = st.sampled_from(("accept", "defer", "reject", "lose"))
actions = st.one_of(
    st.tuples(st.just("drive"), st.integers(0, 1), st.lists(outcomes, min_size=3, max_size=3), st.integers(0, 3)),
    st.tuples(st.just("leave"), st.sampled_from(PEOPLE), st.sampled_from(BOTH)),
    st.tuples(st.just("pass"), st.integers(1, 400)),
)


def as_told(told: list[str], seen: list[tuple[str, str]]) -> Callable[[Message], Outcome]:
    def decide(message: Message) -> Outcome:
        name = message.recipient.address.partition("@")[0]
        fate = told[PEOPLE.index(name)]
        seen.append((name, fate))
        return {
            "accept": Accepted(message.key),
            "defer": Deferred(message.key, "450 later"),
            "reject": Rejected(message.key, "550 no"),
            "lose": Uncertain(message.key, "lost"),
        }[fate]

    return decide


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=st.lists(actions, max_size=8))
def test_in_any_order_of_runs_and_leaving_everybody_who_stays_gets_it_once(
    plan: list[tuple[object, ...]], two_lists: Bench, request: pytest.FixtureRequest
) -> None:
    with TemporaryDirectory() as folder:
        if two_lists.database.is_sqlite:
            url = f"sqlite:///{folder}/test.db"
        else:
            cluster: Cluster = request.getfixturevalue("cluster")
            url = cluster.new_database()
        database = open_database(url, Path(folder))
        synchronise_attributes(database, two_lists.definitions)
        bench = Bench(
            two_lists.workspace, two_lists.definitions, two_lists.signer, database, Clock(two_lists.clock.moment)
        )
        try:
            check(bench, plan)
        finally:
            database.close()


def drive_some(bench: Bench, dispatch: Dispatch, told: list[str], seen: list[tuple[str, str]], most: int) -> None:
    stop, limit, decided = Stop(), len(seen) + most, as_told(told, seen)

    def decide(message: Message) -> Outcome:
        if len(seen) + 1 >= limit:
            stop.ask()
        return decided(message)

    bench.drive(dispatch, Scripted(decide), stop)


def check(bench: Bench, plan: list[tuple[object, ...]]) -> None:
    dispatches = on_both(bench, *PEOPLE)
    seen: list[tuple[str, str]] = []
    lists = {name: set(BOTH) for name in PEOPLE}
    for action in plan:
        match action:
            case "drive", int(which), list(told), int(most):
                drive_some(bench, dispatches[which], told, seen, most)
            case "leave", str(name), str(list_name):
                if list_name in lists[name]:
                    leave(bench, name, list_name)
                    lists[name].discard(list_name)
            case "pass", int(minutes):
                bench.clock.pass_by(minutes=minutes)
    for _ in range(3):
        for dispatch in dispatches:
            bench.drive(dispatch, Scripted(as_told(["accept"] * 3, seen)))
        bench.clock.pass_by(hours=9)
    for dispatch in dispatches:
        assert write_receipt(bench.database, dispatch).balance.at_rest
    may_have_it = Counter(name for name, fate in seen if fate in ("accept", "lose"))
    assert max(may_have_it.values(), default=0) <= 1
    refused = {name for name, fate in seen if fate == "reject"}
    assert all(may_have_it[name] for name in PEOPLE if lists[name] and name not in refused)
