"""A preheader that says the subject once more."""

from support.checking import Desk

FOUND = "the preheader says the same as the subject"
PLACE = ("issue.yaml", "Bijna")


def plant(desk: Desk) -> None:
    desk.replace(
        "issue.yaml",
        "Het Centrum Seksueel Geweld krijgt extra geld, en drie data om nu vast te noteren.",
        "Bijna 60.000 kilo cocaïne onderschept door de Douane",
    )
