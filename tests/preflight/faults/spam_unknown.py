"""A machine without SpamAssassin."""

import os

from support.checking import Desk

FOUND = "is not installed"
PLACE = ("issue.yaml", "")


def plant(desk: Desk) -> None:
    os.environ["PATH"] = ""
