"""The scripted mail server in a thread of its own, for tests of what runs its own event loop."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from support.smtp_server import Script, ScriptedServer, serve


@contextmanager
def scripted_server(script: Script) -> Iterator[ScriptedServer]:
    """Run a scripted server."""
    ready: Future[tuple[ScriptedServer, Callable[[], object]]] = Future()

    async def serve_until_stopped() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        async with serve(script) as running:
            ready.set_result((running, lambda: loop.call_soon_threadsafe(stopped.set)))
            await stopped.wait()

    thread = Thread(target=asyncio.run, args=(serve_until_stopped(),), daemon=True)
    thread.start()
    running, stop = ready.result(timeout=30)
    try:
        yield running
    finally:
        stop()
        thread.join()
