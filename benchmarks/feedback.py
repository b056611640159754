"""How many events of a webhook are checked, read, stored and applied in a second, and how many when they come again."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from benchmarks.databases import ABSENT, databases, opened
from benchmarks.figures import Figure, at_least, missing
from benchmarks.samples import workspace
from benchmarks.segments import fill
from newsletter.clock import now
from newsletter.feedback.ingest import Policy, take
from newsletter.feedback.policy import Rules
from newsletter.message import DeliveryKey
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent
from newsletter.store import Database, tables
from newsletter.subscribers import read_definitions, synchronise_attributes

READERS: Final = 20_000
BAR: Final = 5_000
POLICY: Final = Policy(Rules(3, timedelta(days=90)), complaints=1)


def run() -> Iterator[Figure]:
    """Measure on each database: a dispatch's usual events, nothing but bounces, and all of it again."""
    with workspace() as made, databases() as known:
        definitions = read_definitions(made)
        for name, new in known.items():
            if new is None:
                yield missing(name, ABSENT)
                continue
            with opened(new(), made.root) as database:
                synchronise_attributes(database, definitions)
                fill(database, definitions, READERS)
                keys = _accepted(database)
                usual, bounces = list(_usual(keys)), list(_bounces(keys))
                for what, events in (("usual", usual), ("all bounce", bounces), ("again", usual)):
                    start = time.perf_counter()
                    take(database, events, POLICY, now())
                    rate = len(events) / (time.perf_counter() - start)
                    yield Figure(
                        f"{name}, {len(events):,} events, {what}", f"{rate:,.0f}/s", bar=at_least(rate, BAR, "/s")
                    )


def _accepted(database: Database) -> list[DeliveryKey]:
    """Write down a dispatch that everybody's message was accepted of, and give the keys."""
    keys = [DeliveryKey(f"{number:a>26}".translate(str.maketrans("0189", "wxyz"))) for number in range(READERS)]
    moment = now()
    with database.writing() as connection:
        connection.execute(sa.insert(tables.compiled_issues).values(content_hash="x", payload=b"", created_at=moment))
        connection.execute(
            sa.insert(tables.dispatches).values(
                id="d", issue="i", list="leden", provider="sendgrid", content_hash="x", letterhead="{}",
                secret=b"x" * 32, state="finished", selected=READERS, created_at=moment, finished_at=moment,
            )
        )  # fmt: skip
        rows = [
            {"dispatch_id": "d", "subscriber_id": number + 1, "state": "accepted", "key": key, "changed_at": moment}
            for number, key in enumerate(keys)
        ]
        connection.execute(sa.insert(tables.deliveries), rows)
    return keys


def _usual(keys: list[DeliveryKey]) -> Iterator[FeedbackEvent]:
    """Let each be taken and delivered, four in a hundred bounce, and one in five hundred complain."""
    moment = now()
    for number, key in enumerate(keys):
        yield FeedbackEvent(EventKind.ACCEPTED, "sendgrid", moment, key)
        if number % 25 == 0:
            yield FeedbackEvent(EventKind.BOUNCED, "sendgrid", moment, key, status="5.1.1", fault=Fault.ADDRESS)
        else:
            yield FeedbackEvent(EventKind.DELIVERED, "sendgrid", moment, key)
        if number % 500 == 1:
            yield FeedbackEvent(EventKind.COMPLAINED, "sendgrid", moment, key)


def _bounces(keys: list[DeliveryKey]) -> Iterator[FeedbackEvent]:
    moment = now()
    for key in keys:
        yield FeedbackEvent(EventKind.BOUNCED, "postmark", moment, key, status="5.1.1", fault=Fault.ADDRESS)
