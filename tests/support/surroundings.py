"""Runs one check of the doctor in surroundings that a test describes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from newsletter.doctor.base import Observation, Once, Outcome, Surroundings, ask_provider, run
from newsletter.message import read_received
from newsletter.probing import Prober
from newsletter.settings import load
from newsletter.workspace import Workspace
from support.dns_server import Records, name_server

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)


def examine(
    check: str,
    workspace: Workspace,
    records: Records | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    received: bytes | None = None,
    now: Callable[[], datetime] = lambda: NOW,
    broken: Sequence[str] = (),
    offline: bool = False,
    **more: Any,
) -> Sequence[Observation]:
    """Give what a check finds.

    Args:
        records: What the DNS knows.
        settings: Variables of the environment.
        broken: Names that the DNS gives no answer for.
        more: Other fields of `Surroundings`.
    """
    environ = {"NEWSLETTER_SENDER__EMAIL": "news@ours.nl", **(settings or {})}
    loaded = load(workspace, environ)
    with name_server(records or {}) as server:
        server.broken.update(broken)
        surroundings = Surroundings(
            workspace=workspace,
            settings=loaded,
            environ=environ,
            now=now,
            resolver=server.resolver(),
            web=Prober(seconds=5),
            received=read_received(received) if received is not None else None,
            **{"inspect": Once(lambda: ask_provider(workspace, loaded)), **more},
        )
        return asyncio.run(run([check], surroundings, offline=offline)).found[check]


def outcomes(found: Sequence[Observation]) -> list[Outcome]:
    return [one.outcome for one in found]


def says(found: Sequence[Observation], outcome: Outcome, words: str) -> bool:
    """Tell whether something of that outcome was found, in these words."""
    return any(one.outcome is outcome and words in one.message for one in found)
