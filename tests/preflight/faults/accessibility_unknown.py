"""A machine without a browser."""

import os

from support.checking import Desk

FOUND = "Chromium is not installed"
PLACE = ("issue.yaml", "")


def plant(desk: Desk) -> None:
    os.environ["PATH"] = ""
