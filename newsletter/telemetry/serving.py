"""Serves a worker's metrics to Prometheus, over HTTP."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, disable_created_metrics, start_http_server

from newsletter.errors import Place, SettingsError
from newsletter.telemetry.ledger import LedgerMetrics
from newsletter.telemetry.worker import WorkerMetrics

LOOPBACK: Final = "127.0.0.1"
MOST_PORT: Final = 65_535

_PLACE: Final = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s/@]*):)?(?P<port>\d{1,5})")


def place_of(text: str) -> tuple[str, int]:
    """Read where to serve: `HOST:PORT`, or a port alone, for this machine only.

    Raises:
        SettingsError: It is none.
    """
    found = _PLACE.fullmatch(text.strip())
    if found is None or int(found["port"]) > MOST_PORT:
        raise SettingsError(
            f"{text!r} is no place to serve metrics at",
            where=Place(field="--metrics"),
            remedy="Write a port such as 9464, or a host with it: 0.0.0.0:9464, [::1]:9464.",
        )
    return (found["host"] or LOOPBACK).strip("[]"), int(found["port"])


@contextmanager
def serving_metrics(place: str, ledger: LedgerMetrics) -> Iterator[tuple[WorkerMetrics, str]]:
    """Serve metrics from a thread of its own until the block ends.

    Args:
        place: As for `place_of`; the port 0 takes a free one.

    Yields:
        What counts the work of this process, and the address of the metrics.

    Raises:
        SettingsError: That is no place, or it is taken.
    """
    host, port = place_of(place)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    registry.register(ledger)
    worker = WorkerMetrics(registry)
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"metrics cannot be served at {place}: {why}",
            where=Place(field="--metrics"),
            remedy="Name another port, or a host that is this machine.",
        ) from error
    try:
        shown = f"[{host}]" if ":" in host else host
        yield worker, f"http://{shown}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
