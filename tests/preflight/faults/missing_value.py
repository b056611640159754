"""Readers whose first name nobody knows."""

from newsletter.preflight.base import AudienceReport, ValueReport
from support.checking import Desk

FOUND = "stays empty for 2 of 9 readers"
PLACE = ("issue.yaml", "")
CONTEXT = {"audience": AudienceReport(9, values=(ValueReport("subscriber.first_name", missing=2),))}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
