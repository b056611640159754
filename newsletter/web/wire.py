"""Carries the site over the wire: no longer than somebody may take, no more than somebody may send, and to its end."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from newsletter.errors import Place, SettingsError
from newsletter.web.access import MOST_HEAD_BYTES

HEAD_SECONDS: Final = 10.0
"""How long the head of a request may take to come in, from the connection or the last answer on."""
IDLE_SECONDS: Final = 15
ENDING_SECONDS: Final = 20
MOST_CONNECTIONS: Final = 1000


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on whoever does not come to the point."""

    head_seconds = HEAD_SECONDS
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what has come; while a request is answered, nobody is waited for."""
        if self._head_timer is None and not self._is_answering():
            self._await_head()
        super().data_received(data)
        if self._is_answering():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # until the first request there is none
        return cycle is not None and not cycle.response_complete

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _hang_up(self) -> None:
        self._head_timer = None
        if not self._is_answering() and not self.transport.is_closing():
            if self.conn.our_state is h11.IDLE and self.conn.their_state is h11.IDLE:
                self.conn.send(h11.ConnectionClosed())
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """Open the place where the site is served.

    Raises:
        SettingsError: It is taken, or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"the site cannot be served at {host}, port {port}: {error.strerror or error}",
            where=Place(field="--port" if not isinstance(error, socket.gaierror) else "--host"),
            remedy="Another program may be there; name another port, or a host that is this machine.",
        ) from error
    return listening


def serve(app: ASGIApp, listening: socket.socket, *, ending_seconds: int = ENDING_SECONDS) -> None:
    """Serve the site until a signal asks for the end; what is being answered then comes to its end first."""
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        loop=_loop(),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=ending_seconds,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )
    _Server(config).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends in order by a signal, and lets whoever has started it end in order too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as the wish to end; they are not raised once more after that, as uvicorn would."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _loop() -> Any:
    try:
        import uvloop  # noqa: F401 - only whether it is installed
    except ImportError:
        return "asyncio"
    return "uvloop"
