"""A film in the footer, with nothing for those who cannot see it."""

from support.checking import Desk

FOUND = "do not get the <video> element"
PLACE = ("templates/shared/parts/footer.mjml.j2", "<video")


def plant(desk: Desk) -> None:
    desk.footer('<video src="https://www.example.org/film.mp4"></video>')
