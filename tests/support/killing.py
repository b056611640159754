"""Kills a process from within at a point that was chosen from outside: its k-th commit, write or replaced file."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa


class Place(StrEnum):
    """What a process is doing when it is killed."""

    COMMIT = "commit"
    WRITE = "write"
    REPLACE = "replace"


class Moment(StrEnum):
    """Where a kill lies, seen from what is being done."""

    BEFORE = "before"
    MIDWAY = "midway"
    AFTER = "after"


MOMENTS = {
    Place.COMMIT: (Moment.BEFORE, Moment.AFTER),
    Place.WRITE: (Moment.BEFORE, Moment.MIDWAY, Moment.AFTER),
    Place.REPLACE: (Moment.BEFORE, Moment.AFTER),
}
"""A commit and the replacing of a file have no middle; of what goes to a server half may have left."""


@dataclass(frozen=True)
class KillPoint:
    """A point at which a process is killed.

    Args:
        number: Which one of its kind, from 1 on.
    """

    place: Place
    moment: Moment
    number: int

    def __str__(self) -> str:
        return f"{self.moment} {self.place} {self.number}"


def arm(point: KillPoint, last_act: Callable[[], None] = lambda: None) -> None:
    """Let this process be killed at a point, for as long as it lives.

    Writes are counted at the socket, under Python's own event loop: uvloop's are out of reach.

    Args:
        last_act: What happens right before.
    """
    sys.modules["uvloop"] = None  # type: ignore[assignment]
    counter = _Counter(point, last_act)
    if point.place is Place.COMMIT:
        _wrap(sa.Connection, "commit", counter)
    elif point.place is Place.REPLACE:
        _wrap(Path, "replace", counter)
    else:
        _wrap_writes(counter)


@dataclass
class _Counter:
    point: KillPoint
    last_act: Callable[[], None]
    passed: int = 0

    def comes(self) -> bool:
        """Tell whether it is this time."""
        self.passed += 1
        return self.passed == self.point.number

    def die_if(self, moment: Moment) -> None:
        if self.point.moment is moment:
            self.last_act()
            os.kill(os.getpid(), signal.SIGKILL)


def _wrap(owner: Any, name: str, counter: _Counter) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if not counter.comes():
            return original(*arguments, **named)
        counter.die_if(Moment.BEFORE)
        done = original(*arguments, **named)
        counter.die_if(Moment.AFTER)
        return done

    setattr(owner, name, wrapped)


def _wrap_writes(counter: _Counter) -> None:
    send = socket.socket.send

    def wrapped(self: socket.socket, data: Any, *flags: Any) -> int:
        # The event loop wakes itself through sockets of another family.
        if self.family not in (socket.AF_INET, socket.AF_INET6) or not counter.comes():
            return send(self, data, *flags)
        counter.die_if(Moment.BEFORE)
        if counter.point.moment is Moment.MIDWAY:
            send(self, memoryview(data)[: len(data) // 2])
            counter.die_if(Moment.MIDWAY)
        written = send(self, data, *flags)
        counter.die_if(Moment.AFTER)
        return written

    socket.socket.send = wrapped  # type: ignore[method-assign]
