"""A day to register until that went by before the issue comes out."""

from support.checking import Desk

FOUND = "one could register until 2024-02-01, before the issue comes out"
PLACE = ("studiedag-ondermijning.md", "2024-02-01")


def plant(desk: Desk) -> None:
    desk.replace("studiedag-ondermijning.md", "deadline: 2024-03-01", "deadline: 2024-02-01")
