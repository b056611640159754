"""The preview's answers: the page, the message under the chosen circumstances, and its pictures."""

import json
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from threading import Event, Lock
from typing import Final
from urllib.parse import urlsplit

from newsletter.cli.base import Face
from newsletter.cli.preview.appearance import BLOCKED, CLIPPED, in_scheme, with_style
from newsletter.cli.preview.choice import Choice, read_choice
from newsletter.cli.preview.clipping import mark_clipped
from newsletter.cli.preview.page import Shown, render_page
from newsletter.cli.preview.readers import ShownReader, find_reader
from newsletter.cli.preview.simulate import simulate
from newsletter.dispatch import Built, PreparedIssue, build_prepared, calendars_of, prepare_issue
from newsletter.errors import NewsletterError
from newsletter.render import content_type

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Same origin, so that the page can measure its height; without scripts it can do nothing with that.
_VIEW_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
_FILES: Final = {"/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with."""

    status: HTTPStatus
    kind: str
    content: bytes
    policy: str = PAGE_POLICY


@dataclass
class Preview:
    """An issue under the eyes of its author.

    Args:
        face: The workspace; its files are read anew for every build.
        usual: What is shown where the address does not say otherwise.
        language: Of the page around the message.
    """

    face: Face
    slug: str
    usual: Choice
    language: str
    ended: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _state: str = ""
    _prepared: dict[str, PreparedIssue] = field(default_factory=dict)

    def state(self) -> str:
        """Name the state of all files that the issue is made from."""
        digest = sha256()
        for path in self._files():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            digest.update(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
        return digest.hexdigest()[:16]

    def answer(self, address: str) -> Reply:
        """Answer a request for a path with its query."""
        parts = urlsplit(address)
        if parts.path == "/state":
            return Reply(HTTPStatus.OK, "application/json", json.dumps(self.state()).encode())
        if parts.path in _FILES:
            content = (Path(__file__).parent / parts.path.removeprefix("/")).read_bytes()
            return Reply(HTTPStatus.OK, _FILES[parts.path], content)
        choice = read_choice(parts.query, self.usual)
        if parts.path == "/":
            return self._page(choice)
        if parts.path == "/view.html":
            return self._view(choice)
        if parts.path.startswith("/media/"):
            return self._picture(choice, parts.path.removeprefix("/media/"))
        return _NOTHING

    def show(self, choice: Choice) -> Shown:
        """Build the issue for the chosen reader, or say why that cannot be.

        The answer tells the state of the files too, as it was before they were read.
        """
        with self._lock:
            state = self.state()
            if state != self._state:
                self._state = state
                self._prepared.clear()
            # Read anew each time: settings, lists and the reader may have changed.
            face = Face(self.face.folder, self.face.environ)
            try:
                reader = find_reader(face, choice)
                return Shown(state, self._build(face, choice, reader), reader, face.settings, face.definitions)
            except NewsletterError as error:
                return Shown(state, error=error)

    def _build(self, face: Face, choice: Choice, reader: ShownReader) -> Built:
        prepared = self._prepared.get(choice.list)
        if prepared is None:
            definitions, list_name = face.definitions, choice.list or None
            prepared = prepare_issue(face.workspace, face.settings, definitions, self.slug, list_name)
            self._prepared[choice.list] = prepared
        return build_prepared(face.settings, prepared, reader.record)

    def _page(self, choice: Choice) -> Reply:
        page = render_page(self.slug, self.language, choice, self.usual, self.show(choice))
        return Reply(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())

    def _view(self, choice: Choice) -> Reply:
        built = self.show(choice).built
        if built is None:
            return _NOTHING
        images = "'self' https: data:" if choice.images else "'none'"
        html = circumstances(built, choice)
        return Reply(HTTPStatus.OK, "text/html; charset=utf-8", html.encode(), _VIEW_POLICY.format(images=images))

    def _picture(self, choice: Choice, name: str) -> Reply:
        # Pictures are the same for all readers.
        prepared = next(iter(self._prepared.values()), None)
        if prepared is None:
            built = self.show(choice).built
            prepared = built.prepared if built else None
        calendar = calendars_of(prepared).get(name) if prepared else None
        if calendar is not None:
            return Reply(HTTPStatus.OK, content_type(calendar), calendar)
        file = prepared.media.by_name.get(name) if prepared else None
        if file is None:
            return _NOTHING
        try:
            content = file.content()
        except NewsletterError as error:
            # It was changed just now; the page is built anew at once.
            return Reply(HTTPStatus.GONE, "text/plain; charset=utf-8", f"{error}\n".encode())
        return Reply(HTTPStatus.OK, mimetypes.guess_type(name)[0] or "application/octet-stream", content)

    def _files(self) -> Iterator[Path]:
        workspace = self.face.workspace
        yield workspace.settings_file
        for folder in (workspace.issues / self.slug, workspace.templates, workspace.subscribers):
            yield from sorted(path for path in folder.rglob("*") if not path.name.startswith("."))


def circumstances(built: Built, choice: Choice) -> str:
    """Give a message as it looks under the chosen circumstances, its pictures from here."""
    html = built.html
    if choice.clipped:
        # Counted in what is really sent, before anything of it is changed for showing.
        html = mark_clipped(html)
    if choice.client:
        html = simulate(html, choice.client).html
    html = in_scheme(html, choice.scheme)
    html = with_style(html, CLIPPED) if choice.clipped else html
    html = html if choice.images else with_style(html, BLOCKED)
    return replace(built, html=html).html_with_pictures_in("media/")


_NOTHING: Final = Reply(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"There is nothing here.\n")
