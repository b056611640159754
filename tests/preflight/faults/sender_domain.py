"""A sender at a mail provider for everybody."""

from support.checking import Desk

FOUND = "an address at gmail.com"
PLACE = ("newsletter.toml", "")


def plant(desk: Desk) -> None:
    path = desk.workspace.settings_file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("nieuwsbrief@example.org", "nieuwsbrief@gmail.com"), encoding="utf-8")
