"""An event that took place before the issue comes out."""

from support.checking import Desk

FOUND = "the event is over on 2024-02-07"
PLACE = ("studiedag-ondermijning.md", "2024-02-07 16:30")


def plant(desk: Desk) -> None:
    for day in ("start: 2024-03-07", "end: 2024-03-07"):
        desk.replace("studiedag-ondermijning.md", day, day.replace("-03-", "-02-"))
