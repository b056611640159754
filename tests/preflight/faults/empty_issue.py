"""Readers for whom no item is left."""

from newsletter.preflight.base import AudienceReport
from support.checking import Desk

FOUND = "7 of 9 readers would get"
PLACE = ("issue.yaml", "")
CONTEXT = {"audience": AudienceReport(9, empty=7)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
