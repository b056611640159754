"""The faster event loop is used where it is installed, and is not needed."""

import asyncio
import sys

import pytest
import uvloop

from newsletter.event_loop import run


async def kind_of_loop() -> type[asyncio.AbstractEventLoop]:
    return type(asyncio.get_running_loop())


def test_uvloop_is_used_where_it_is_installed() -> None:
    assert issubclass(run(kind_of_loop()), uvloop.Loop)


def test_without_it_pythons_own_loop_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert not issubclass(run(kind_of_loop()), uvloop.Loop)
