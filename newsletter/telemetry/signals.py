"""Tells whether, and where to, traces and metrics go by OpenTelemetry; loads nothing of it where they do not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from newsletter.dispatch import Notice, Observer
from newsletter.errors import Place, PluginError, SettingsError
from newsletter.settings import Settings
from newsletter.telemetry.extras import needing
from newsletter.telemetry.journal import tell

SPOKEN: Final = "http/protobuf"


@dataclass(frozen=True, slots=True)
class Signals:
    """What goes where.

    Args:
        traces: Whether traces go anywhere.
        metrics: Whether metrics do.
        endpoint: Where to by the settings, without a slash at the end; None where the environment says.
    """

    traces: bool
    metrics: bool
    endpoint: str | None


def signals(settings: Settings, environ: Mapping[str, str]) -> Signals:
    """Read what settings and environment say; a setting goes before the variables.

    Raises:
        SettingsError: Another protocol than OTLP over HTTP is asked for.

    Source: OpenTelemetry's "Environment Variable Specification" and "OTLP Exporter Configuration".
    """
    endpoint = settings.telemetry.endpoint
    is_off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    traces, metrics = (not is_off and _goes(kind, endpoint, environ) for kind in ("TRACES", "METRICS"))
    return Signals(traces, metrics, endpoint)


def _goes(kind: str, endpoint: str | None, environ: Mapping[str, str]) -> bool:
    """Tell whether a kind of signal goes anywhere."""
    own, every = f"OTEL_EXPORTER_OTLP_{kind}_", "OTEL_EXPORTER_OTLP_"
    chosen = environ.get(f"OTEL_{kind}_EXPORTER", "").strip().lower() or "otlp"
    is_somewhere = endpoint or environ.get(f"{own}ENDPOINT") or environ.get(f"{every}ENDPOINT")
    if not is_somewhere or "otlp" not in [one.strip() for one in chosen.split(",")]:
        return False
    name = f"{own}PROTOCOL" if environ.get(f"{own}PROTOCOL") else f"{every}PROTOCOL"
    protocol = environ.get(name, "").strip() or SPOKEN
    if protocol != SPOKEN:
        raise SettingsError(
            f"{protocol!r} is not spoken here, only OTLP over HTTP",
            where=Place(name),
            remedy=f"Write {SPOKEN}, with the address of the collector's HTTP receiver, or OTEL_SDK_DISABLED=true.",
        )
    return True


@contextmanager
def traced(settings: Settings, environ: Mapping[str, str]) -> Iterator[Observer]:
    """Have runs watched by OpenTelemetry until the block ends, where that is configured.

    A machine may have the variables for everything that runs on it, so they alone do not stop a process that has not
    the packages for them.

    Raises:
        SettingsError: Another protocol than OTLP over HTTP is asked for.
        PluginError: The settings ask for it, and its packages are not installed.
    """
    wanted = signals(settings, environ)
    if not (wanted.traces or wanted.metrics):
        yield Observer()
        return
    try:
        with needing("telemetry", "traces"):
            from newsletter.telemetry.tracing import exporting
    except PluginError as error:
        if wanted.endpoint:
            raise
        tell(Notice("telemetry.missing", f"OTEL_… is set, and not heeded: {error}", {}, "warning"))
        yield Observer()
        return
    with exporting(wanted, environ) as observer:
        yield observer
