"""A date of the agenda that says it is something that there is not."""

from support.checking import Desk

FOUND = "axe-core (aria-roles)"
PLACE = ("regiobijeenkomst-noord.md", "")
PROGRAM = "chromium"


def changes(desk: Desk) -> dict[str, object]:
    html = desk.context().html
    title = html.index("Regiobijeenkomst Noord")
    heading = html.rindex("<h3", 0, title)
    return {"html": f'{html[:heading]}<h3 role="nonsense"{html[heading + 3 :]}'}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
