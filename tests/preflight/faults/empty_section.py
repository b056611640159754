"""A section whose items were all taken out."""

from support.checking import Desk

FOUND = "the section “Publicaties” has no items"
PLACE = ("issue.yaml", "title: Publicaties")


def plant(desk: Desk) -> None:
    desk.replace(
        "issue.yaml",
        "items:\n      - monitor-veiligheidshuizen.md\n      - handreiking-gegevensdeling.md\n",
        "items: []\n",
    )
