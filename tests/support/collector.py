"""A collector of OpenTelemetry on loopback, which reads what comes to it by the protocol's own messages."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.web_server import Answer, Request, Script, serving


@dataclass
class Collector:
    """What has arrived.

    Attributes:
        told: Every text that came, a line for each; identifiers are none.
        resources: What the spans and numbers are of.
        numbers: The last value of each number, by its name and its attributes' values.
    """

    url: str = ""
    status: int = 200
    paths: list[str] = field(default_factory=list)
    told: str = ""
    resources: list[Mapping[str, Any]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    numbers: dict[tuple[str, ...], float] = field(default_factory=dict)

    def named(self, name: str) -> list[Span]:
        return [one for one in self.spans if one.name == name]

    def answer(self, request: Request) -> Answer:
        assert request.headers["content-type"] == "application/x-protobuf"
        self.paths.append(request.path)
        if request.path.endswith("/v1/traces"):
            self._take_spans(ExportTraceServiceRequest.FromString(request.content))
        elif request.path.endswith("/v1/metrics"):
            self._take_numbers(ExportMetricsServiceRequest.FromString(request.content))
        return Answer(status=self.status, headers={"Content-Type": "application/x-protobuf"})

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        self.told += "\n".join(texts_of(request))
        for group in request.resource_spans:
            self.resources.append(values_of(group.resource.attributes))
            self.spans += [span for scope in group.scope_spans for span in scope.spans]

    def _take_numbers(self, request: ExportMetricsServiceRequest) -> None:
        self.told += "\n".join(texts_of(request))
        for group in request.resource_metrics:
            self.resources.append(values_of(group.resource.attributes))
            for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
                for point in [*metric.sum.data_points, *metric.histogram.data_points]:
                    key = (metric.name, *map(str, values_of(point.attributes).values()))
                    self.numbers[key] = point.count if hasattr(point, "count") else point.as_int


def values_of(attributes: Sequence[KeyValue]) -> dict[str, Any]:
    """Give attributes by their names."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


def texts_of(message: Message) -> Iterator[str]:
    """Give every text in a message, at any depth."""
    for field_found, value in message.ListFields():
        values = value if field_found.is_repeated else [value]
        if field_found.type == FieldDescriptor.TYPE_STRING:
            yield from values
        elif field_found.type == FieldDescriptor.TYPE_MESSAGE:
            for one in values:
                yield from texts_of(one)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect until the block ends."""
    collector = Collector()
    script: Script = collector.answer
    with serving(script) as server:
        collector.url = server.url
        yield collector
