"""An item for a few readers."""

from newsletter.preflight.base import AudienceReport, Reach
from support.checking import Desk

FOUND = "block 4 reaches 312 of 2140 readers"
PLACE = ("issue.yaml", "")
CONTEXT = {"audience": AudienceReport(2140, blocks=(Reach(4, "Nieuws", "", "subscriber.region", 312),))}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
