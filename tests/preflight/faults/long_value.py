"""A name that is a whole row of an import."""

from newsletter.preflight.base import AudienceReport, ValueReport
from support.checking import Desk

FOUND = "the longest has 200 characters"
PLACE = ("", "")
CONTEXT = {"audience": AudienceReport(9, values=(ValueReport("subscriber.first_name", long=2, longest=200),))}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
