"""What is counted of runs, whoever is told of it."""

from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Final, Protocol

from newsletter.dispatch import Watch
from newsletter.message import DeliveryKey
from newsletter.providers.base import Outcome

OUTCOMES: Final = ("accepted", "rejected", "deferred", "uncertain")
ENDS: Final = ("rested", "failed")
"""How a run ends: with nothing left that could be done, or early."""
HANDOVER_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
LEDGER_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Where the classes of a histogram end."""


def outcome_name(outcome: Outcome) -> str:
    """Name an outcome as it is counted."""
    return type(outcome).__name__.lower()


class Meter(Protocol):
    """Keeps counts."""

    def batch(self, unmade: int) -> None:
        """Count a batch, and the deliveries of it that no message can be made for."""

    def messages(self, outcome: str, count: int) -> None:
        """Count messages whose outcome is in the ledger."""

    def handover(self, seconds: float) -> None:
        """Keep how long it took from when a message could go until its outcome."""

    def ledger(self, seconds: float) -> None:
        """Keep how long a transaction took."""

    def run(self, end: str) -> None:
        """Count a run that is over."""


class Counting(Watch):
    """Has the work of one run counted."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._since: dict[DeliveryKey, float] = {}

    def claimed(self, messages: int, excluded: int, seconds: float) -> None:  # noqa: ARG002
        self._meter.batch(excluded)

    def intended(self, keys: frozenset[DeliveryKey]) -> None:
        self._since |= dict.fromkeys(keys, monotonic())

    def heard(self, outcome: Outcome) -> None:
        since = self._since.pop(outcome.key, None)
        if since is not None:
            self._meter.handover(monotonic() - since)

    def wrote(self, outcomes: Sequence[Outcome]) -> None:
        for name, count in Counter(map(outcome_name, outcomes)).items():
            self._meter.messages(name, count)

    def worked(self, seconds: float) -> None:
        self._meter.ledger(seconds)

    def ended(self, failure: BaseException | None) -> None:
        self._meter.run("failed" if failure else "rested")
