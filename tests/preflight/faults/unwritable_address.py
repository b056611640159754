"""Addresses without a domain that the network knows."""

from newsletter.preflight.base import AudienceReport
from support.checking import Desk

FOUND = "2 of 9 readers have an address"
PLACE = ("", "")
CONTEXT = {"audience": AudienceReport(9, unwritable=2)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
