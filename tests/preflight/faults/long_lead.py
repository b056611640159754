"""A lead of seventy words."""

from support.checking import Desk

FOUND = "characters; 350 are enough"
PLACE = ("jongeren-praten-mee.md", ">-")


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "In een proef", "In een lange proef " * 20)
