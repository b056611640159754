"""A small web server on loopback that answers for a preview."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from newsletter.cli.preview.workbench import Preview, Reply
from newsletter.errors import Place, WorkspaceError

HOST: Final = "127.0.0.1"


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
        self._send(self.preview.answer(self.path))

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
        # A page that was left while it loaded does not wait for the rest.
        with suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(reply.content)
