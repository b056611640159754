"""An item for a region without readers."""

from newsletter.preflight.base import AudienceReport, Reach
from support.checking import Desk

FOUND = "nobody gets block 9"
PLACE = ("noord.md", "")
CONTEXT = {"audience": AudienceReport(9, blocks=(Reach(9, "Noord", "noord.md", "subscriber.region", 0),))}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
