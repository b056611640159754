"""A quotation in a body that nobody said."""

from support.checking import Desk

FOUND = "the quotation names no speaker"
PLACE = ("douane-onderschept-meer.md", "> Zo raken")


def plant(desk: Desk) -> None:
    desk.replace("douane-onderschept-meer.md", "\n> — Aukje de Vries, staatssecretaris van Toeslagen en Douane", "")
