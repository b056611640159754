"""An issue near to what Gmail cuts off."""

from newsletter.preflight.base import AudienceReport
from support.checking import Desk

FOUND = "up to 88 kB"
PLACE = ("issue.yaml", "")
CONTEXT = {"audience": AudienceReport(3, largest=90_000)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
