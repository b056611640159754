"""An article that links by http to a site that has https."""

from newsletter.fetching import Fetched
from support.checking import Desk

URL = "http://www.example.org/jongeren/"
SECURE = "https://www.example.org/jongeren/"
FOUND = "goes without encryption"
PLACE = ("jongeren-praten-mee.md", URL)
CONTEXT = {"fetched": {url: Fetched(url, 200, {}, b"") for url in (URL, SECURE)}}


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "https://nieuwsbrief.example.org/berichten/jongeren-praten-mee/", URL)
