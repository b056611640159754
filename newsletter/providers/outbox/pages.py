"""The pages of an outbox: an index, and what is in the newest messages."""

import heapq
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from os.path import relpath
from pathlib import Path
from typing import Any, Final

from newsletter.providers.outbox.files import make_private_folder, write_private_file
from newsletter.providers.outbox.library import Library
from newsletter.workspace import write_atomically

SHOWN: Final = 200
"""How many messages the index page lists; the others lie in the folder all the same."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One message on the index page."""

    key: str
    name: str
    address: str
    subject: str
    kilobytes: int


def write_pages(library: Library) -> None:
    """Write the index page and the views of the newest messages, readable by their owner only.

    A file that is no message is left out.

    Raises:
        OSError: The views cannot be written.
        WorkspaceError: The index page cannot be written.
    """
    newest, total = find_newest(library.messages)
    make_private_folder(library.views)
    shown = sorted(_views(library, newest), key=lambda one: (one.subject, one.name.casefold(), one.address))
    write_atomically(library.index, _index(library, shown, total).encode("utf-8", "replace"), private=True)


def find_newest(folder: Path) -> tuple[list[Path], int]:
    """Find the newest messages, and count all of them without keeping the others in memory."""
    total = 0

    def entries() -> Iterator[tuple[int, str]]:
        nonlocal total
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(".eml"):
                    with suppress(FileNotFoundError):
                        changed = entry.stat().st_mtime_ns
                        total += 1
                        yield -changed, entry.name

    newest = heapq.nsmallest(SHOWN, entries())
    return [folder / name for _, name in newest], total


def _views(library: Library, files: list[Path]) -> Iterator[Shown]:
    for file in files:
        try:
            seen = _read(file)
        except Exception:  # noqa: BLE001, S112 - a file from elsewhere fails the parser in ways that nobody lists
            continue
        if seen.html is not None:
            page = _with_local_pictures(seen.html, library)
            write_private_file(library.views / f"{file.stem}.html", page.encode("utf-8", "replace"))
        if seen.text is not None:
            write_private_file(library.views / f"{file.stem}.txt", f"\ufeff{seen.text}".encode("utf-8", "replace"))
        yield seen.line


@dataclass(frozen=True, slots=True)
class _Seen:
    line: Shown
    html: str | None
    text: str | None


def _read(file: Path) -> _Seen:
    content = file.read_bytes()
    message: EmailMessage = BytesParser(policy=policy.default).parsebytes(content)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    to = message["To"].addresses[0]
    address = f"{to.username}@{to.domain}"
    subject = str(message["Subject"] or "")
    line = Shown(file.stem, to.display_name or address, address, subject, round(len(content) / 1024))
    return _Seen(line, html.get_content() if html else None, text.get_content() if text else None)


def _with_local_pictures(html: str, library: Library) -> str:
    """Show pictures from where they lie on this machine, as nothing has been published yet; open links elsewhere."""
    html = html.replace("<head>", '<head><base target="_blank">', 1)
    if library.media is None or not library.media_url:
        return html
    base = Path(relpath(library.media, library.views)).as_posix()
    return re.sub(rf"(?<=[\"'(]){re.escape(library.media_url)}", f"{base}/", html)


def _index(library: Library, shown: list[Shown], total: int) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    words: Mapping[str, Any] = _WORDS["nl" if library.language.startswith("nl") else "en"]
    return environment.get_template("index.html.j2").render(
        shown=shown, total=total, words=words, language="nl" if words is _WORDS["nl"] else "en"
    )


_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "nl": {
        "title": "Postvak uit",
        "one": "bericht",
        "many": "berichten",
        "kept": "Niets hiervan is verzonden: elk bericht ligt als bestand in deze map.",
        "newest": "De nieuwste staan hieronder.",
        "list": "Berichten",
        "text": "tekst",
        "source": "bron",
        "message": "Bericht",
        "empty": "Er is nog niets verzonden.",
    },
    "en": {
        "title": "Outbox",
        "one": "message",
        "many": "messages",
        "kept": "None of it was sent: each message lies in this folder as a file.",
        "newest": "The newest are listed below.",
        "list": "Messages",
        "text": "text",
        "source": "source",
        "message": "Message",
        "empty": "Nothing has been sent yet.",
    },
}
