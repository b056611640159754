"""The sending process of a rehearsal: drives its dispatch as `newsletter send` drives a real one, into the sink.

It is called with the workspace, the rehearsal's folder, the dispatch and the sink's port, and may be killed at any
moment. What it has to say is one line of JSON on standard output.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel

from newsletter import event_loop, plugins
from newsletter.clock import now
from newsletter.dispatch import dispatches
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.rehearsal.stage import BY, PROVIDER, Stage
from newsletter.dispatch.runner import Stop
from newsletter.dispatch.surroundings import Surroundings
from newsletter.errors import NewsletterError, ProviderError
from newsletter.providers.base import Provider, ProviderModule
from newsletter.settings import DispatchSettings, LimitsSettings, Settings, load, provider_settings
from newsletter.subscribers import read_definitions
from newsletter.workspace import Workspace

HOST: Final = "127.0.0.1"
TIMEOUT: Final = 30.0
"""Seconds for one reply of the sink; none of its late ones is that late."""


def sink_settings(settings: Settings, workspace: Workspace, port: int) -> BaseModel:
    """Give the settings of the way to the sink: the newsletter's own for SMTP, but for where the server is.

    Args:
        workspace: The real one, in which its keys lie.
    """
    module = cast("ProviderModule", plugins.load("providers", PROVIDER))
    place: dict[str, Any] = {"host": HOST, "tls": "none", "port": port, "timeout": TIMEOUT}
    if settings.provider != PROVIDER:
        return module.Settings.model_validate(place)
    own = provider_settings(settings, workspace, PROVIDER)
    return own.model_copy(update={**place, "username": None, "password": None, "ca_file": None})


def unhindered(settings: Settings) -> Settings:
    """Leave out what would only make a rehearsal wait: the sink needs no limits, and nobody is disturbed at night."""
    never = DispatchSettings(most_rejected=100)
    return settings.model_copy(update={"limits": LimitsSettings(), "dispatch": never})


async def run(made: Stage, dispatch_id: str, port: int) -> dict[str, Any]:
    """Drive the dispatch until nothing is left that can be done now; tell what the provider's limits are."""
    settings = unhindered(load(made.real, os.environ))
    database = made.open()
    try:
        surroundings = Surroundings(
            made.workspace, settings, read_definitions(made.real), made.signer(), database, now, BY
        )
        with database.reading() as connection:
            dispatch = dispatches.read_dispatch(connection, dispatch_id)
        module = cast("ProviderModule", plugins.load("providers", PROVIDER))
        opened: AbstractAsyncContextManager[Provider] = module.open(sink_settings(settings, made.real, port))
        async with opened as provider:
            limits = {"batch": provider.limits.batch, "concurrency": provider.limits.concurrency}
            try:
                await drive_with(surroundings, dispatch, provider, lambda _: None, Stop())
            except ProviderError as error:
                return {**limits, "failure": str(error)}
    finally:
        database.close()
    return limits


def main(arguments: Sequence[str]) -> int:
    """Run as a process, and say how it went."""
    real, folder, dispatch, port = arguments
    made = Stage(Workspace(Path(folder)), Workspace(Path(real)))
    try:
        said = event_loop.run(run(made, dispatch, int(port)))
    except NewsletterError as error:
        said = {"failure": str(error)}
    sys.stdout.write(json.dumps(said) + "\n")
    return 0
