"""What was reported can be applied anew, to the same end, or to another one by other rules."""

from dataclasses import asdict, replace
from datetime import timedelta

import sqlalchemy as sa

from feedback.test_ingest import POLICY, Scripted, event, suppressions, take_all
from newsletter.feedback.policy import Rules
from newsletter.feedback.replaying import count_reported, replay_all
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.store import tables
from support.dispatching import Bench


def test_a_replay_changes_nothing_by_the_same_rules_and_mends_what_was_lost(bench: Bench) -> None:
    bench.subscribe(["jan", "piet", "kees"])
    dispatch = bench.freeze()
    bench.drive(dispatch, Scripted())
    take_all(
        bench,
        [
            event(bench, dispatch, "jan", EventKind.COMPLAINED),
            event(bench, dispatch, "piet", EventKind.BOUNCED, fault=Fault.ADDRESS),
            event(bench, dispatch, "kees", EventKind.BOUNCED, fault=Fault.MAILBOX),
        ],
    )
    before = suppressions(bench)
    assert before == {"jan": "complained", "piet": "bounced"}
    now = bench.clock() + timedelta(days=1)
    assert not any(asdict(replay_all(bench.database, POLICY, now)).values())
    with bench.database.writing() as connection:
        assert count_reported(connection) == 3
        connection.execute(sa.delete(tables.suppressions))
    replay_all(bench.database, POLICY, now)
    assert suppressions(bench) == before
    strict = replace(POLICY, rules=Rules(limit=1, half_life=timedelta(days=90)))
    assert replay_all(bench.database, strict, now).suppressed == 1
    assert suppressions(bench) == {**before, "kees": "soft-bounced"}
    assert replay_all(bench.database, POLICY, now).lifted == 1
    assert suppressions(bench) == before
