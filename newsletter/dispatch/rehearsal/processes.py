"""Starts the processes of a rehearsal, and talks to the sink."""

import os
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

from newsletter.dispatch.rehearsal.sink import GO_ON, Orders
from newsletter.errors import DispatchError

END_SECONDS: Final = 10.0

_PACKAGE: Final = "newsletter.dispatch.rehearsal"


class SinkProcess:
    """A running sink."""

    def __init__(self, orders: Orders, complaints: Path) -> None:
        self._process = start_process("sink", complaints, stdin=subprocess.PIPE)
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)
        with suppress(BrokenPipeError):
            self._tell(orders.json().encode() + b"\n")
        said = self._output.readline()
        if not said:
            self.close()
            raise broken("the sink does not start", complaints)
        self.port = int(said)
        self._complaints = complaints

    @property
    def number(self) -> int:
        """The number of the process."""
        return self._process.pid

    def is_halted(self, seconds: float) -> bool:
        """Wait so long for the sink to halt; tell whether it has.

        Raises:
            DispatchError: It has ended.
        """
        ready, _, _ = select.select([self._output], [], [], seconds)
        if not ready:
            return False
        if not os.read(self._output.fileno(), 4096):
            raise broken("the sink has ended by itself", self._complaints)
        return True

    def go_on(self) -> None:
        """Let it answer again."""
        self._tell(GO_ON)

    def close(self) -> None:
        """End it."""
        with suppress(BrokenPipeError):
            self._input.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            self._output.close()

    def _tell(self, octets: bytes) -> None:
        self._input.write(octets)
        self._input.flush()


def start_process(
    module: str, complaints: Path, *arguments: str, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """Start a process that Ctrl-C on the terminal does not reach: it is for us to end it."""
    # It must find the same program as this process did, wherever the person stands.
    code = f"import sys; sys.path[:] = {sys.path!r}; from {_PACKAGE}.{module} import main; sys.exit(main(sys.argv[1:]))"
    with complaints.open("ab") as errors:
        return subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-c", code, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )


def broken(message: str, complaints: Path) -> DispatchError:
    """Say that a process did what it must not, with the last that it had to say."""
    said = complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    return DispatchError(": ".join([message, *said]), remedy="This is a mistake in the program. Please report it.")
