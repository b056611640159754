"""A small web server on loopback: the page, the views in it, the pictures, and whether anything has changed."""

import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter.dispatch import Built
from newsletter.errors import NewsletterError, Place, Problems, WorkspaceError
from newsletter.render import content_type
from newsletter.workspace import Workspace

HOST: Final = "127.0.0.1"
_DARK: Final = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_VIEW_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; sandbox allow-popups"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with."""

    status: HTTPStatus
    kind: str
    content: bytes
    policy: str = _PAGE_POLICY


@dataclass
class Preview:
    """An issue under the eyes of its author.

    Args:
        build: Builds the issue from the files as they are now.
        reader: The address of the subscriber it is shown for, or None for the made-up one.
        language: Of the page around it.
    """

    build: Callable[[], Built]
    workspace: Workspace
    slug: str
    reader: str | None
    language: str
    ended: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _state: str = ""
    _built: Built | None = None
    _error: NewsletterError | None = None

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

    def refresh(self) -> str:
        """Build anew if a file has changed, and name the state."""
        with self._lock:
            state = self.state()
            if state != self._state:
                self._state, self._built, self._error = state, None, None
                try:
                    self._built = self.build()
                except NewsletterError as error:
                    self._error = error
            return state

    def answer(self, path: str) -> Reply:
        """Answer a request for a path."""
        state = self.refresh()
        if path == "/state":
            return Reply(HTTPStatus.OK, "application/json", json.dumps(state).encode())
        if path == "/reload.js":
            return Reply(HTTPStatus.OK, "text/javascript; charset=utf-8", _RELOAD.encode())
        if path == "/":
            return self._page(state)
        if self._built is not None:
            if path in ("/light.html", "/dark.html"):
                html = in_scheme(self._built.html_with_pictures_in("media/"), dark=path == "/dark.html")
                return Reply(HTTPStatus.OK, "text/html; charset=utf-8", html.encode(), _VIEW_POLICY)
            if path.startswith("/media/"):
                return self._picture(self._built, path.removeprefix("/media/"))
        return Reply(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"There is nothing here.\n")

    def _page(self, state: str) -> Reply:
        built, error = self._built, self._error
        page = _TEMPLATE.get_template("page.html.j2").render(
            slug=self.slug,
            reader=self.reader,
            state=state,
            words=_WORDS[self.language],
            language=self.language,
            subject=built.subject if built else "",
            preheader=built.prepared.issue.preheader if built else "",
            text=built.text if built else "",
            kilobytes=round(len(built.message) / 1024) if built else 0,
            clipped=bool(built and built.clipped),
            problems=[_problem(one) for one in _each(error)],
        )
        return Reply(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())

    def _picture(self, built: Built, name: str) -> Reply:
        calendar = built.calendars.get(name)
        if calendar is not None:
            return Reply(HTTPStatus.OK, content_type(calendar), calendar, _VIEW_POLICY)
        file = built.prepared.media.by_name.get(name)
        if file is None:
            return Reply(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"There is no such picture.\n")
        try:
            content = file.content()
        except NewsletterError as error:  # it was changed just now; the page is built anew at once
            return Reply(HTTPStatus.GONE, "text/plain; charset=utf-8", f"{error}\n".encode())
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Reply(HTTPStatus.OK, kind, content, _VIEW_POLICY)

    def _files(self) -> Iterator[Path]:
        yield self.workspace.settings_file
        for folder in (
            self.workspace.issues / self.slug,
            self.workspace.templates,
            self.workspace.subscribers,
        ):
            yield from sorted(path for path in folder.rglob("*") if not path.name.startswith("."))


def in_scheme(html: str, *, dark: bool) -> str:
    """Fix a message to its light or its dark colours, whatever the browser around it prefers.

    Its links open beside the preview, not in the small frame.
    """
    html = html.replace("<head>", '<head><base target="_blank">', 1)
    fixed = _DARK.sub("@media all" if dark else "@media not all", html)
    scheme = "dark" if dark else "light"
    return re.sub(r"color-scheme:\s*light dark", f"color-scheme:{scheme}", fixed).replace(
        'content="light dark"', f'content="{scheme}"'
    )


@contextmanager
def serve(preview: Preview, port: int | None, usual: int) -> Iterator[str]:
    """Serve a preview in threads of its own until the block ends.

    Args:
        port: Where to; None takes the usual one, or a free one where that is taken.

    Yields:
        The address for a browser.

    Raises:
        WorkspaceError: The port that was asked for is taken.
    """
    server = _bind(preview, port, usual)
    thread = Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _bind(preview: Preview, port: int | None, usual: int) -> ThreadingHTTPServer:
    handler = type("Handler", (_Handler,), {"preview": preview})
    try:
        return ThreadingHTTPServer((HOST, usual if port is None else port), handler)
    except OSError as error:
        if port is None:
            return ThreadingHTTPServer((HOST, 0), handler)
        raise WorkspaceError(
            f"the port {port} cannot be used: {error.strerror}",
            where=Place(field="--port"),
            remedy="Name another, or leave it out.",
        ) from error


class _Handler(BaseHTTPRequestHandler):
    preview: Preview
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").rpartition(":")[0]
        # A page elsewhere may point a name of its own at this machine: only our own names are answered.
        if host not in (HOST, "localhost"):
            self._send(Reply(HTTPStatus.MISDIRECTED_REQUEST, "text/plain; charset=utf-8", b"Wrong host.\n"))
            return
        self._send(self.preview.answer(urlsplit(self.path).path))

    def log_message(self, *_arguments: Any) -> None:
        """Stay quiet: what is looked at is nobody's business."""

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.content)))
        self.send_header("Content-Security-Policy", reply.policy)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(reply.content)


def _each(error: NewsletterError | None) -> tuple[NewsletterError, ...]:
    if error is None:
        return ()
    return error.errors if isinstance(error, Problems) else (error,)


def _problem(error: NewsletterError) -> Mapping[str, str]:
    return {"place": str(error.where), "message": error.message, "remedy": error.remedy}


_TEMPLATE: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)

_RELOAD: Final = """\
const shown = document.documentElement.dataset.state;
async function look() {
  try {
    const state = await (await fetch("/state")).json();
    if (state !== shown) { location.reload(); return; }
    document.body.classList.remove("away");
  } catch { document.body.classList.add("away"); }
  setTimeout(look, 600);
}
look();
"""

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "nl": {
        "preview": "Voorbeeld",
        "for": "zoals voor",
        "desktop": "Beeldscherm",
        "telephone": "Telefoon",
        "dark": "Donker",
        "text": "Tekst",
        "subject": "Onderwerp",
        "clipped": "Zo lang dat een bekend mailprogramma het eind afkapt.",
        "away": "Het voorbeeld is gestopt; start het opnieuw.",
        "problem": "Dit moet eerst goed",
    },
    "en": {
        "preview": "Preview",
        "for": "as for",
        "desktop": "Desktop",
        "telephone": "Telephone",
        "dark": "Dark",
        "text": "Text",
        "subject": "Subject",
        "clipped": "So long that a well-known mail program cuts the end off.",
        "away": "The preview has ended; start it again.",
        "problem": "This needs mending first",
    },
}
