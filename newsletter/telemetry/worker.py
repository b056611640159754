"""The metrics that a worker knows of itself: what it has handed over, and how long that took."""

from collections.abc import Sequence
from time import monotonic
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from newsletter.dispatch import Dispatch, Observer, Watch
from newsletter.message import DeliveryKey
from newsletter.providers.base import Outcome

OUTCOMES: Final = ("accepted", "rejected", "deferred", "uncertain")

_HANDOVER: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_LEDGER: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class WorkerMetrics(Observer):
    """Counts what the runs of this process do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "newsletter_worker_messages",
            "Messages whose outcome this worker has written into the ledger.",
            ("outcome",),
            registry=registry,
        )
        for outcome in OUTCOMES:
            self.messages.labels(outcome)
        self.handover = Histogram(
            "newsletter_worker_handover_seconds",
            "From when a message may be handed over until the provider has said what becomes of it.",
            buckets=_HANDOVER,
            registry=registry,
        )
        self.batches = Counter("newsletter_worker_batches", "Batches that this worker has claimed.", registry=registry)
        self.unmade = Counter(
            "newsletter_worker_unmade", "Deliveries claimed that no message can be made for.", registry=registry
        )
        self.ledger = Histogram(
            "newsletter_worker_ledger_seconds",
            "How long this worker waited for one transaction of the ledger; their count is that of its commits.",
            buckets=_LEDGER,
            registry=registry,
        )
        self.runs = Counter(
            "newsletter_worker_runs", "Runs of a dispatch that have ended, and how.", ("end",), registry=registry
        )
        for end in ("rested", "failed"):
            self.runs.labels(end)
        ProcessCollector(registry=registry)

    def watch(self, dispatch: Dispatch) -> Watch:  # noqa: ARG002 (all are counted together)
        return _Counting(self)


class _Counting(Watch):
    def __init__(self, metrics: WorkerMetrics) -> None:
        self._metrics = metrics
        self._since: dict[DeliveryKey, float] = {}

    def claimed(self, messages: int, excluded: int, seconds: float) -> None:  # noqa: ARG002
        self._metrics.batches.inc()
        self._metrics.unmade.inc(excluded)

    def intended(self, keys: frozenset[DeliveryKey]) -> None:
        self._since |= dict.fromkeys(keys, monotonic())

    def heard(self, outcome: Outcome) -> None:
        since = self._since.pop(outcome.key, None)
        if since is not None:
            self._metrics.handover.observe(monotonic() - since)

    def wrote(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._metrics.messages.labels(type(outcome).__name__.lower()).inc()

    def worked(self, seconds: float) -> None:
        self._metrics.ledger.observe(seconds)

    def ended(self, failure: BaseException | None) -> None:
        self._metrics.runs.labels("failed" if failure else "rested").inc()
