"""An article that links to a page behind a password."""

from newsletter.errors import FetchError
from support.checking import Desk

URL = "https://www.example.org/jongeren/"
FOUND = "asks for a password"
PLACE = ("jongeren-praten-mee.md", URL)
CONTEXT = {"fetched": {URL: FetchError(URL, "status", "why", status=401)}}


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "https://nieuwsbrief.example.org/berichten/jongeren-praten-mee/", URL)
