"""A footer without the link to leave."""

from support.checking import Desk

FOUND = "not every reader gets a link to unsubscribe in the HTML"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.template("parts/footer.mjml.j2", "{{ links.unsubscribe }}", "https://example.org/")
