"""Traces and metrics by OpenTelemetry: a span for each run of a dispatch, and one for each of its batches.

What is told is how much and how long, of which dispatch; never of whom. Errors are told by their kind, as their words
may quote a server's.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from time import time_ns
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter as OtelMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import AnyValue

from newsletter import __version__
from newsletter.dispatch import Dispatch, Observer, Observers, Watch
from newsletter.providers.base import Outcome
from newsletter.telemetry.counting import HANDOVER_SECONDS, LEDGER_SECONDS, OUTCOMES, Counting, outcome_name
from newsletter.telemetry.signals import Signals

NAME: Final = "newsletter"
PATIENCE: Final = 5.0
"""How many seconds a collector gets to take what it is sent, where the environment does not say: whoever ends a process
waits for it."""


@contextmanager
def exporting(wanted: Signals, environ: Mapping[str, str]) -> Iterator[Observer]:
    """Send what runs do to a collector until the block ends, and the rest of it then."""
    resource, observers = Resource.create(_about(environ)), list[Observer]()
    base, said = wanted.endpoint, any(name.endswith("_TIMEOUT") for name in environ if name.startswith("OTEL_EXPORTER"))
    patience = None if said else PATIENCE
    with ExitStack() as ending:
        if wanted.traces:
            spans = OTLPSpanExporter(endpoint=base and f"{base}/v1/traces", timeout=patience)
            tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
            tracers.add_span_processor(BatchSpanProcessor(spans))
            ending.callback(tracers.shutdown)
            observers.append(Traces(tracers.get_tracer(NAME, __version__)))
        if wanted.metrics:
            numbers = OTLPMetricExporter(endpoint=base and f"{base}/v1/metrics", timeout=patience)
            reader = PeriodicExportingMetricReader(numbers)
            meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
            ending.callback(meters.shutdown)
            observers.append(Numbers(meters.get_meter(NAME, __version__)))
        yield Observers(observers)


def _about(environ: Mapping[str, str]) -> dict[str, str]:
    """Say what this is, but for what the environment says of it."""
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return {"service.version": __version__} | ({} if named else {"service.name": NAME})


class Traces(Observer):
    """Draws a span for each run."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def watch(self, dispatch: Dispatch) -> Watch:
        return _Traced(self._tracer, dispatch)


class _Traced(Watch):
    def __init__(self, tracer: Tracer, dispatch: Dispatch) -> None:
        self._tracer = tracer
        self._about: dict[str, AnyValue] = {
            "newsletter.dispatch": dispatch.id,
            "newsletter.issue": dispatch.issue,
            "newsletter.provider": dispatch.provider,
        }
        about_run: dict[str, AnyValue] = {**self._about, "newsletter.selected": dispatch.selected}
        self._run = tracer.start_span("dispatch run", kind=SpanKind.INTERNAL, attributes=about_run)
        self._batches: deque[Span] = deque()
        self._outcomes = Counter(dict.fromkeys(OUTCOMES, 0))

    def claimed(self, messages: int, excluded: int, seconds: float) -> None:
        about_batch: dict[str, AnyValue] = {
            **self._about,
            "newsletter.messages": messages,
            "newsletter.excluded": excluded,
        }
        began = time_ns() - int(seconds * 1e9)
        around = set_span_in_context(self._run)
        self._batches.append(
            self._tracer.start_span("dispatch batch", context=around, attributes=about_batch, start_time=began)
        )

    def taken(self) -> None:
        if self._batches:
            self._batches.popleft().end()

    def wrote(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes.update(map(outcome_name, outcomes))

    def ended(self, failure: BaseException | None) -> None:
        while self._batches:
            self._batches.popleft().end()
        self._run.set_attributes({f"newsletter.{name}": count for name, count in self._outcomes.items()})
        if failure is not None:
            self._run.set_attribute("error.type", type(failure).__name__)
            self._run.set_status(StatusCode.ERROR)
        self._run.end()


class Numbers(Observer):
    """Counts what the runs of this process do, for a collector."""

    def __init__(self, meter: OtelMeter) -> None:
        self._messages = meter.create_counter(
            "newsletter.messages", "{message}", "Messages whose outcome was written into the ledger."
        )
        self._batches = meter.create_counter("newsletter.batches", "{batch}", "Batches claimed.")
        self._unmade = meter.create_counter(
            "newsletter.unmade", "{delivery}", "Deliveries claimed that no message can be made for."
        )
        self._runs = meter.create_counter("newsletter.runs", "{run}", "Runs of a dispatch that have ended.")
        self._handover = meter.create_histogram(
            "newsletter.handover.duration",
            "s",
            "From when a message may be handed over until the provider has said what becomes of it.",
            explicit_bucket_boundaries_advisory=HANDOVER_SECONDS,
        )
        self._ledger = meter.create_histogram(
            "newsletter.ledger.duration",
            "s",
            "How long one transaction of the ledger took.",
            explicit_bucket_boundaries_advisory=LEDGER_SECONDS,
        )

    def watch(self, dispatch: Dispatch) -> Watch:  # noqa: ARG002 (all are counted together)
        return Counting(self)

    def batch(self, unmade: int) -> None:
        self._batches.add(1)
        self._unmade.add(unmade)

    def messages(self, outcome: str, count: int) -> None:
        self._messages.add(count, {"outcome": outcome})

    def handover(self, seconds: float) -> None:
        self._handover.record(seconds)

    def ledger(self, seconds: float) -> None:
        self._ledger.record(seconds)

    def run(self, end: str) -> None:
        self._runs.add(1, {"end": end})
