"""An intro with a link that was copied from a campaign."""

from support.checking import Desk

FOUND = "carries marks"
PLACE = ("issue.yaml", "https://www.example.org/?utm")


def plant(desk: Desk) -> None:
    desk.replace(
        "issue.yaml", 'intro: ""', "intro: Kijk bij [de agenda](https://www.example.org/?utm_source=elders) voor meer."
    )
