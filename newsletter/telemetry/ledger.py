"""The metrics that the database knows: dispatches, limits, and the database itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from newsletter.dispatch import DispatchState, Measure, Measures, Notice, measure, pace_of
from newsletter.dispatch.pacing import Buckets, Holding, Rules, survey_named
from newsletter.errors import NewsletterError
from newsletter.settings import Settings
from newsletter.store import Database, database_bytes, read_revisions
from newsletter.telemetry.journal import tell

_DISPATCH: Final = ("dispatch", "issue")
Rows = Iterator[tuple[Sequence[str], float]]


@dataclass(frozen=True, eq=False)
class LedgerMetrics(Collector):
    """Reads the metrics anew each time that it is asked.

    Args:
        clock: Gives the time, aware.
    """

    database: Database
    settings: Settings
    clock: Callable[[], datetime]

    def families(self) -> Iterator[Metric]:
        """Give all metrics.

        Raises:
            StoreError: The database cannot be read.
        """
        with self.database.snapshot() as connection:
            measures = measure(connection, self.clock(), pace_of(self.settings))
            size, revisions = database_bytes(connection), read_revisions(connection)
        rules = Rules.of(self.settings, self.settings.provider)
        buckets = Buckets(self.database, rules, self.clock)
        yield from _of_dispatches(measures)
        yield from _of_workspace(measures)
        yield from _of_limits(survey_named(buckets), measures.at)
        # A domain that nobody has named may be somebody's own name: it is counted, and not told.
        standing = buckets.standing().values()
        yield _gauge(
            "newsletter_limits_slowed",
            "Mail systems that we are slower to for now, because they asked for it.",
            (),
            [((), sum(one.slowed is not None for one in standing))],
        )
        yield _gauge(
            "newsletter_limits_paused",
            "Mail systems that get nothing for now, because they asked for it.",
            (),
            [((), sum(one.paused_until > 0 for one in standing))],
        )
        yield _gauge("newsletter_database_bytes", "Size of the database on its disk.", (), [((), size)])
        kind = "sqlite" if self.database.is_sqlite else "postgresql"
        yield _gauge(
            "newsletter_database_info",
            "The kind of the database, and the last migration that its tables have seen; always 1.",
            ("kind", "revision"),
            [((kind, revisions.current or ""), 1)],
        )

    def collect(self) -> Iterator[Metric]:
        """Give all metrics, or only that there are none now: whoever watches must see that too."""
        try:
            found = list(self.families())
        except NewsletterError as error:
            tell(Notice("metrics.failed", f"The metrics cannot be read: {error}", {}, "warning"))
            found = []
        yield _gauge("newsletter_up", "Whether the ledger could be read just now.", (), [((), bool(found))])
        yield from found

    def describe(self) -> Iterator[Metric]:
        """Say nothing beforehand, so that nothing is read before somebody asks."""
        return iter(())


def ledger_metrics_text(metrics: LedgerMetrics) -> str:
    """Write the metrics of the database as Prometheus reads them.

    Raises:
        StoreError: The database cannot be read.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
    """
    found = list(metrics.families())
    registry = CollectorRegistry()
    registry.register(_Read(found))
    return generate_latest(registry).decode()


@dataclass(frozen=True, eq=False)
class _Read(Collector):
    found: Sequence[Metric]

    def collect(self) -> Iterator[Metric]:
        yield from self.found


def _gauge(
    name: str, meaning: str, labels: Sequence[str], rows: "Rows | Sequence[tuple[Sequence[str], float]]"
) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _of_dispatches(measures: Measures) -> Iterator[Metric]:
    current = measures.current

    def each(number: Callable[[Measure], float | None]) -> Rows:
        for one in current:
            found = number(one)
            if found is not None:
                yield (one.dispatch.id, one.dispatch.issue), found

    def since(moment: datetime | None, until: datetime | None = None) -> float | None:
        return None if moment is None else ((until or measures.at) - moment).total_seconds()

    yield _gauge(
        "newsletter_dispatch_info",
        "A dispatch that is not over, or ended in the last day; always 1.",
        (*_DISPATCH, "list", "segment", "provider", "kind"),
        [
            ((d.id, d.issue, d.list, d.segment, d.provider, d.kind), 1)
            for d in (measured.dispatch for measured in current)
        ],
    )
    yield _gauge(
        "newsletter_dispatch_state",
        "1 for the state that a dispatch is in, 0 for the others.",
        (*_DISPATCH, "state"),
        [
            ((one.dispatch.id, one.dispatch.issue, state.value), one.dispatch.state is state)
            for one in current
            for state in DispatchState
        ],
    )
    yield _gauge(
        "newsletter_dispatch_selected",
        "Readers of a dispatch; always the sum of its deliveries in all states.",
        _DISPATCH,
        each(lambda one: one.dispatch.selected),
    )
    yield _gauge(
        "newsletter_dispatch_deliveries",
        "Deliveries of a dispatch in each state of the ledger.",
        (*_DISPATCH, "state"),
        [
            ((one.dispatch.id, one.dispatch.issue, state.value), count)
            for one in current
            for state, count in one.states.items()
        ],
    )
    yield _gauge(
        "newsletter_dispatch_excluded",
        "Deliveries of a dispatch that are excluded, for each reason that occurs.",
        (*_DISPATCH, "reason"),
        [
            ((one.dispatch.id, one.dispatch.issue, reason), count)
            for one in current
            for reason, count in sorted(one.excluded.items())
        ],
    )
    yield _gauge(
        "newsletter_dispatch_age_seconds",
        "Seconds since a dispatch was frozen.",
        _DISPATCH,
        each(lambda one: since(one.dispatch.created_at)),
    )
    yield _gauge(
        "newsletter_dispatch_sending_seconds",
        "Seconds since a process first began to send a dispatch, or until its end; none before.",
        _DISPATCH,
        each(lambda one: since(one.started_at, one.dispatch.finished_at)),
    )
    yield _gauge(
        "newsletter_dispatch_deadline_seconds",
        "Seconds until a dispatch that is not over gives up.",
        _DISPATCH,
        each(lambda one: since(measures.at, one.dispatch.deadline) if one.dispatch.finished_at is None else None),
    )
    yield _gauge(
        "newsletter_dispatch_leases",
        "Processes that have a dispatch in hand.",
        _DISPATCH,
        each(lambda one: one.leases),
    )
    yield _gauge(
        "newsletter_dispatch_closed",
        "Whether an open dispatch hands nothing over now: it starts later, is looked at, or the hours are quiet.",
        _DISPATCH,
        each(lambda one: one.is_closed),
    )
    yield _gauge(
        "newsletter_dispatch_oldest_due_seconds",
        "Seconds that the first deferred delivery has been due; below 0 before that.",
        _DISPATCH,
        each(lambda one: since(one.next_due)),
    )


def _of_workspace(measures: Measures) -> Iterator[Metric]:
    yield _gauge(
        "newsletter_dispatches",
        "Dispatches in each state, all that there ever were.",
        ("state",),
        [((state.value,), count) for state, count in measures.by_state.items()],
    )
    yield _gauge(
        "newsletter_uncertain_deliveries",
        "Deliveries of all dispatches that wait for a person to settle them.",
        (),
        [((), measures.uncertain)],
    )
    yield _gauge(
        "newsletter_quiet",
        "Whether nothing is handed over because of quiet hours or a quiet day.",
        (),
        [((), measures.is_quiet)],
    )


def _of_limits(holdings: Sequence[Holding], now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "newsletter_limit_used",
        "Messages that have gone under a limit, in the last hour or day, or today in a warm-up.",
        ("limit", "period"),
        [((one.key, period), count) for one in holdings for period, count in one.used.items()],
    )
    yield _gauge(
        "newsletter_limit_allowance",
        "Messages that a warm-up lets go today.",
        ("limit",),
        [((one.key,), one.allowance) for one in holdings if one.allowance is not None],
    )
    yield _gauge(
        "newsletter_limit_paused_seconds",
        "Seconds until a mail system wants to see us again; none where it does now.",
        ("limit",),
        [((one.key,), (one.paused_until - now).total_seconds()) for one in holdings if one.paused_until],
    )
