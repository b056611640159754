"""A table in the footer that is only for layout."""

from support.checking import Desk

FOUND = "a table for layout"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer("<table><tr><td>a</td></tr></table>")
