"""An issue that leaves two weeks after its date, when one of its days to register until has gone by."""

from datetime import date

from support.checking import Desk

FOUND = "one could register until 2024-03-01"
PLACE = ("studiedag-ondermijning.md", "2024-03-01")
CONTEXT = {"today": date(2024, 3, 5)}


def plant(desk: Desk) -> None:
    pass
