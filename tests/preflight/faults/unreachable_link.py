"""An article that links to a server that is silent."""

from newsletter.errors import FetchError
from support.checking import Desk

URL = "https://www.example.org/jongeren/"
FOUND = "cannot be reached: its server does not answer in time"
PLACE = ("jongeren-praten-mee.md", URL)
CONTEXT = {"fetched": {URL: FetchError(URL, "timeout", "why")}}


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "https://nieuwsbrief.example.org/berichten/jongeren-praten-mee/", URL)
