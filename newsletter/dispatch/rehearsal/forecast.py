"""How long the real dispatch may take, as far as a rehearsal can tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from newsletter.dispatch.pacing import Forecast as Paced
from newsletter.providers.base import Limits

SECONDS_PER_CALL: Final = 0.25
"""How long a provider's server takes over one call, where nothing is known of it: a few trips of the network."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long a dispatch may take.

    Args:
        basis: What it was reckoned from, in words.
    """

    seconds: float
    basis: str

    def document(self) -> Mapping[str, Any]:
        """Give it as data, ready for JSON."""
        return {"seconds": round(self.seconds, 1), "basis": self.basis}


def forecast(readers: int, rate: float, limits: Limits | None, paced: Paced) -> Forecast | None:
    """Reckon from what was measured here, what the provider can bear, and the limits that are set; the slowest counts.

    None where nothing was measured.

    Args:
        rate: Messages a second into the sink, which answers at once.
        limits: None where the provider is this machine itself.
        paced: How long it takes at least under the limits of `newsletter.toml`.
    """
    borne = _borne(readers, rate, limits)
    if borne is None or paced.duration.total_seconds() <= borne.seconds:
        return borne
    return Forecast(paced.duration.total_seconds(), f"at least, under the limit of {paced.because}")


def _borne(readers: int, rate: float, limits: Limits | None) -> Forecast | None:
    if rate <= 0:
        return None
    if limits is None:
        return Forecast(readers / rate, "at the pace measured here")
    bearable = limits.batch * limits.concurrency / SECONDS_PER_CALL
    calls = "1 call" if limits.concurrency == 1 else f"{limits.concurrency:,} calls"
    each = "1 message" if limits.batch == 1 else f"{limits.batch:,} messages"
    if bearable >= rate:
        return Forecast(readers / rate, f"at the pace measured here, below what {calls} at once of {each} would bear")
    return Forecast(
        readers / bearable,
        f"an estimate: {calls} at once of {each} each, {SECONDS_PER_CALL:g} s a call; retries come on top",
    )
