"""The metrics that a worker knows of itself: what it has handed over, and how long that took."""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from newsletter.dispatch import Dispatch, Observer, Watch
from newsletter.telemetry.counting import ENDS, HANDOVER_SECONDS, LEDGER_SECONDS, OUTCOMES, Counting


class WorkerMetrics(Observer):
    """Counts what the runs of this process do, for Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "newsletter_worker_messages",
            "Messages whose outcome this worker has written into the ledger.",
            ("outcome",),
            registry=registry,
        )
        self._handover = Histogram(
            "newsletter_worker_handover_seconds",
            "From when a message may be handed over until the provider has said what becomes of it.",
            buckets=HANDOVER_SECONDS,
            registry=registry,
        )
        self._batches = Counter("newsletter_worker_batches", "Batches that this worker has claimed.", registry=registry)
        self._unmade = Counter(
            "newsletter_worker_unmade", "Deliveries claimed that no message can be made for.", registry=registry
        )
        self._ledger = Histogram(
            "newsletter_worker_ledger_seconds",
            "How long this worker waited for an answer of the database, or for a transaction to be done.",
            buckets=LEDGER_SECONDS,
            registry=registry,
        )
        self._runs = Counter(
            "newsletter_worker_runs", "Runs of a dispatch that have ended, and how.", ("end",), registry=registry
        )
        # What has not happened yet is shown as 0, or its first time would not count as a rise.
        self._by_outcome = {outcome: self._messages.labels(outcome) for outcome in OUTCOMES}
        self._by_end = {end: self._runs.labels(end) for end in ENDS}
        ProcessCollector(registry=registry)

    def watch(self, dispatch: Dispatch) -> Watch:  # noqa: ARG002 (all are counted together)
        return Counting(self)

    def batch(self, unmade: int) -> None:
        self._batches.inc()
        self._unmade.inc(unmade)

    def messages(self, outcome: str, count: int) -> None:
        self._by_outcome[outcome].inc(count)

    def handover(self, seconds: float) -> None:
        self._handover.observe(seconds)

    def ledger(self, seconds: float) -> None:
        self._ledger.observe(seconds)

    def run(self, end: str) -> None:
        self._by_end[end].inc()
