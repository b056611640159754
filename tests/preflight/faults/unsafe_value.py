"""A name with markup in it."""

from newsletter.preflight.base import AudienceReport, ValueReport
from support.checking import Desk

FOUND = "of 1 readers holds markup"
PLACE = ("", "")
CONTEXT = {"audience": AudienceReport(9, values=(ValueReport("subscriber.last_name", unsafe=1),))}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
