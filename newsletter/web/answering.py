"""Answers whose time tells nothing: what takes longer for some than for others is answered at the same beat for all."""

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import Final, TypeVar

_T = TypeVar("_T")

BEAT_SECONDS: Final = 0.4
"""Answers go at whole multiples of this after the request came in; work takes a small part of it. Source: notes S1."""


async def at_the_beat(work: Awaitable[_T], seconds: float) -> _T:
    """Do some work, and come back with it at the next beat, whether it went well or not."""
    began = monotonic()
    try:
        return await work
    finally:
        passed = monotonic() - began
        await asyncio.sleep(seconds - passed % seconds)
