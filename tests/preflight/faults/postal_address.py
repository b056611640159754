"""A footer that does not say where the sender can be reached."""

from support.checking import Desk

FOUND = "the postal address is not in the HTML"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.template("parts/footer.mjml.j2", "{{ newsletter.postal_address }}", "")
