"""A reader with values so long that Gmail cuts the issue off."""

from newsletter.preflight.base import AudienceReport
from support.checking import Desk

FOUND = "up to 100 kB"
PLACE = ("issue.yaml", "")
CONTEXT = {"audience": AudienceReport(3, largest=102_000)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
