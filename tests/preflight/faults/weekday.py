"""A weekday that belongs to another day."""

from support.checking import Desk

FOUND = "“woensdag 7 maart” does not fit: that day is a Thursday in 2024"
PLACE = ("studiedag-ondermijning.md", "woensdag")


def plant(desk: Desk) -> None:
    desk.replace("studiedag-ondermijning.md", "Een dag over", "Op woensdag 7 maart: een dag over")
