"""Rehearses one dispatch from beginning to end, and judges it."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from pydantic import BaseModel

from newsletter.clock import now
from newsletter.dispatch import freeze
from newsletter.dispatch.driving import pacing_rules
from newsletter.dispatch.freeze import Plan
from newsletter.dispatch.pacing import Forecast as Paced
from newsletter.dispatch.pacing import forecast as paced_forecast
from newsletter.dispatch.receipt import Receipt
from newsletter.dispatch.rehearsal.faults import LOSING_A_REPLY, RATES, Fault
from newsletter.dispatch.rehearsal.forecast import Forecast, forecast
from newsletter.dispatch.rehearsal.journal import Journal
from newsletter.dispatch.rehearsal.proof import Circumstances, Claim, prove
from newsletter.dispatch.rehearsal.running import (
    Performance,
    Run,
    deliveries,
    plan_halts,
    read_sink_journal,
)
from newsletter.dispatch.rehearsal.sink import Orders
from newsletter.dispatch.rehearsal.stage import (
    Casting,
    Stage,
    copy_audience,
    freeze_audience,
    rehearsed_plan,
    stage,
)
from newsletter.dispatch.states import State
from newsletter.providers.base import Limits
from newsletter.settings import Settings, provider_settings
from newsletter.store import Database, open_to_read, tables
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace

Watch: TypeAlias = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
"""Shows how far a step is: its name and how many there are; gives what is to be told of each one done."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for.

    Args:
        kills: How often the sending process is killed.
        faults: `none`, `some` or `many`.
        seed: The same seed gives the same faults and the same kills.
        keep: Leave the folder there.
    """

    slug: str
    casting: Casting
    kills: int
    faults: str
    seed: int
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rehearsal has shown.

    Args:
        provider: What would carry the messages of the real dispatch.
        seconds: From the first sending process to the last.
        folder: Where everything was left, if it was.
    """

    wish: Wish
    provider: str
    receipt: Receipt
    claims: tuple[Claim, ...]
    journal: Journal
    performance: Performance
    seconds: float
    forecast: Forecast | None
    folder: Path | None

    @property
    def broken(self) -> tuple[Claim, ...]:
        """The promises that did not hold."""
        return tuple(claim for claim in self.claims if not claim.holds)

    @property
    def rate(self) -> float:
        """Messages a second, while messages came."""
        return self.journal.messages / self.journal.seconds if self.journal.seconds else 0.0

    def document(self) -> Mapping[str, Any]:
        """Give it as data, ready for JSON."""
        casting, performance = self.wish.casting, self.performance
        return {
            "issue": self.wish.slug,
            "list": casting.selection.list,
            "segment": casting.selection.segment,
            "limit": casting.limit,
            "provider": self.provider,
            "holds": not self.broken,
            "equation": self.receipt.equation(),
            "receipt": self.receipt.document(),
            "proof": [claim.document() for claim in self.claims],
            "kills": {"asked": self.wish.kills, "done": performance.kills},
            "faults": {fault.value: self.journal.faults.get(fault, 0) for fault in Fault},
            "seed": self.wish.seed,
            "hastened": performance.hastened,
            "messages": self.journal.messages,
            "messages_per_second": round(self.rate, 1),
            "seconds": round(self.seconds, 2),
            "processor_seconds": round(performance.processor_seconds, 2),
            "forecast": self.forecast.document() if self.forecast else None,
            "folder": str(self.folder) if self.folder else None,
        }


def rehearse(workspace: Workspace, settings: Settings, definitions: Definitions, wish: Wish, watch: Watch) -> Outcome:
    """Rehearse a dispatch; the workspace and its database stay as they are.

    Raises:
        NewsletterError: The issue, the list, the segment or the database is not in order, or nobody would be mailed.
    """
    source = open_to_read(settings.database.url, workspace.root)
    try:
        with stage(workspace, keep=wish.keep) as made:
            return _rehearse_on(made, source, settings, definitions, wish, watch)
    finally:
        source.close()


def _rehearse_on(
    made: Stage, source: Database, settings: Settings, definitions: Definitions, wish: Wish, watch: Watch
) -> Outcome:
    casting = wish.casting
    plan = rehearsed_plan(made, settings, definitions, wish.slug, casting, now())
    limits = limits_of(provider_settings(settings, made.real, settings.provider))
    with watch("Copying the audience", _count(source, casting)) as advance:
        copy_audience(made, source, definitions, casting, now(), advance)
    database = made.open()
    try:
        dispatch = freeze_audience(database, plan, definitions, now())
        planned = _planned(database)
        paced = _paced(database, settings, definitions, plan)
        orders = Orders(made.journal, wish.seed, RATES[wish.faults], plan_halts(wish.kills, planned, wish.seed))
        began = time.monotonic()
        with watch("Rehearsing", planned) as advance:
            run = Run(made, database, dispatch, orders, advance)
            receipt = run.to_rest()
        seconds = time.monotonic() - began
        journal = read_sink_journal(made, run.performance.starts)
        claims = prove(
            receipt.balance, deliveries(database, dispatch), journal, _circumstances(run.performance, journal)
        )
    finally:
        database.close()
    rate = journal.messages / journal.seconds if journal.seconds else 0.0
    return Outcome(
        wish=wish,
        provider=settings.provider,
        receipt=receipt,
        claims=claims,
        journal=journal,
        performance=run.performance,
        seconds=seconds,
        forecast=forecast(planned, rate, limits, paced),
        folder=made.workspace.root if wish.keep else None,
    )


def _paced(database: Database, settings: Settings, definitions: Definitions, plan: Plan) -> Paced:
    """Tell how long the real dispatch takes at least, under the limits that the settings name."""
    rules = pacing_rules(settings, settings.provider)
    with database.reading() as connection:
        return paced_forecast(freeze.count_domains(connection, plan, definitions, now()), rules, now())


def limits_of(settings: BaseModel) -> Limits | None:
    """Tell what a provider can bear by its settings, without opening it; None where they do not say."""
    concurrency = getattr(settings, "concurrency", None) or getattr(settings, "connections", None)
    return Limits(getattr(settings, "batch", 1), concurrency) if concurrency else None


def _circumstances(performance: Performance, journal: Journal) -> Circumstances:
    return Circumstances(
        kills=performance.kills,
        concurrency=performance.concurrency,
        batch=performance.batch,
        lost_replies=sum(journal.faults.get(fault, 0) for fault in LOSING_A_REPLY),
        violations=performance.violations,
    )


def _count(source: Database, casting: Casting) -> int:
    subscriptions = tables.subscriptions
    chosen = sa.select(sa.func.count()).where(subscriptions.c.list == casting.selection.list)
    with source.reading() as connection:
        count = connection.scalar(chosen) or 0
    limited = casting.limit is not None and casting.selection.segment is None
    return min(count, casting.limit) if limited and casting.limit is not None else count


def _planned(database: Database) -> int:
    deliveries_table = tables.deliveries
    chosen = sa.select(sa.func.count()).where(deliveries_table.c.state == State.PLANNED)
    with database.reading() as connection:
        return connection.scalar(chosen) or 0
