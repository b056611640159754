"""A link that asks for a click."""

from support.checking import Desk

FOUND = "the link “Klik hier!” does not say where it leads"
PLACE = ("douane-onderschept-meer.md", "Klik hier!")


def plant(desk: Desk) -> None:
    desk.replace(
        "douane-onderschept-meer.md",
        "De Douane nam",
        "[Klik hier!](https://nieuwsbrief.example.org/x/) De Douane nam",
    )
