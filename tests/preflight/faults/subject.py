"""A subject that shouts."""

from support.checking import Desk

FOUND = "the subject stands in capitals"
PLACE = ("issue.yaml", "DOUANE")


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", "Douane onderschept bijna 60.000 kilo cocaïne", "DOUANE ONDERSCHEPT BIJNA ALLES")
