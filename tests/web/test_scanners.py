"""A scanner that opens every link of a thousand messages, and looks through what these lead to, changes nothing."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from starlette.types import ASGIApp, Message

from newsletter.audience import Selection
from newsletter.dispatch import Stop, Surroundings, accept, drive, propose
from newsletter.store import open_database
from newsletter.subscribers import read_definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.web import build_app
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench, Clock
from support.public_site import ADDRESS, LISTS, Stage, staged
from web.test_join import ask

MESSAGES = 1000
AT_ONCE = 50
LOOKED_THROUGH = 100
_LINK = re.compile(r'(?:href|src|action)="([^"]+)"')
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


@pytest.fixture
def stage(workspace: Workspace, signer: Signer, now: datetime) -> Iterator[Stage]:
    (workspace.subscribers / "lists.yaml").write_text(LISTS, encoding="utf-8")
    definitions = read_definitions(workspace)
    database = open_database("sqlite:///var/newsletter.db", workspace.root)
    synchronise_attributes(database, definitions)
    bench = Bench(workspace, definitions, signer, database, Clock(now))
    with staged(bench, tuple(f"p{number}" for number in range(MESSAGES))) as found:
        yield found
    database.close()


def links_of(message: bytes) -> set[str]:
    """Give every address in a message: in its header, its HTML and its text."""
    parsed = message_from_bytes(message, policy=policy.default)
    found = set(_ADDRESS.findall(str(parsed["List-Unsubscribe"])))
    html, text = parsed.get_body(("html",)), parsed.get_body(("plain",))
    assert html is not None
    assert text is not None
    found |= {unescape(link) for link in _LINK.findall(html.get_content())} | set(_ADDRESS.findall(text.get_content()))
    return {link for link in found if link.startswith(f"{ADDRESS}/")}


@dataclass
class Reply:
    """What came back."""

    status: int
    is_page: bool
    text: str


async def ask_app(app: ASGIApp, method: str, path: str) -> Reply:
    """Ask the site without a client in between, which would take most of the time."""
    parts = urlsplit(path)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(b"host", b"nieuwsbrief.example.org"), (b"user-agent", b"scanner")],
        "client": ("192.0.2.1", 50000),
        "server": ("nieuwsbrief.example.org", 443),
        "scheme": "https",
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0"},
    }
    await app(scope, receive, send)
    headers = dict(sent[0]["headers"])
    is_page = headers.get(b"content-type", b"").startswith(b"text/html")
    text = b"".join(one.get("body", b"") for one in sent[1:]).decode() if is_page else ""
    return Reply(sent[0]["status"], is_page, text)


async def look_at(app: ASGIApp, link: str) -> list[str]:
    """Look at what a link leads to, in both ways, and give the links there that lead on within the site."""
    path = link.removeprefix(ADDRESS)
    looked, reply = await ask_app(app, "HEAD", path), await ask_app(app, "GET", path)
    assert looked.status == reply.status, link
    assert reply.status in (200, 204, 308, 404), link
    further = [urljoin(link, unescape(one)) for one in _LINK.findall(reply.text)] if reply.is_page else []
    return [one for one in further if urlsplit(one).netloc == urlsplit(ADDRESS).netloc]


async def scan(app: ASGIApp, links: Iterable[str], whole: frozenset[str]) -> set[str]:
    """Look at some links, and at all that they lead to.

    Args:
        whole: The links of readers whose pages are looked through; all others' links are opened, and no more.
    """
    seen: set[str] = set()
    waiting = {link.partition("#")[0] for link in links}
    while waiting:
        batch = sorted(waiting)[:AT_ONCE]
        seen.update(batch)
        waiting.difference_update(batch)
        for link, found in zip(batch, await asyncio.gather(*(look_at(app, link) for link in batch)), strict=True):
            is_looked_through = not is_personal(link) or any(link.startswith(own) for own in whole)
            further = [one for one in found if is_looked_through or not is_personal(one)]
            waiting |= {one.partition("#")[0] for one in further} - seen
    return seen


def is_personal(link: str) -> bool:
    return "/leave/" in link or "/preferences/" in link


def test_a_thousand_messages_may_be_scanned(stage: Stage) -> None:
    there: Surroundings = stage.there
    dispatch = accept(there, propose(there, SLUG, Selection("leden"), None))
    drive(there, dispatch, lambda _: None, Stop())
    messages = sorted(Path(there.workspace.root).glob("var/outbox/**/*.eml"))
    assert len(messages) == MESSAGES
    ask(stage, "waiting@example.org")
    links = {link for file in messages for link in links_of(file.read_bytes())} | {ADDRESS + stage.confirm_link()}
    assert sum("/leave/" in link for link in links) == sum("/preferences/" in link for link in links) == MESSAGES
    before = stage.dump()
    personal = sorted(link for link in links if is_personal(link))
    seen = asyncio.run(scan(build_app(stage.site), links, frozenset(personal[:: len(personal) // LOOKED_THROUGH])))
    assert len(seen) > 2 * MESSAGES + 5 * LOOKED_THROUGH
    assert stage.dump() == before
