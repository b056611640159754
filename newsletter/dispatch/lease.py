"""The lease that a dispatch is driven under: one owner at a time, and a fencing number against one that slept."""

import os
import socket
from datetime import datetime, timedelta
from typing import Final

from newsletter.dispatch import ledger
from newsletter.dispatch.ledger import Dispatch
from newsletter.errors import DispatchError
from newsletter.store import Database

LASTING: Final = timedelta(seconds=60)
RENEWAL: Final = LASTING / 4


def owner_name(token: str) -> str:
    """Name this process as an owner; `token` tells it from another with the same number, such as after a reboot."""
    return f"{socket.gethostname()}:{os.getpid()}:{token}"


def take(database: Database, dispatch: Dispatch, owner: str, now: datetime) -> Dispatch:
    """Take the lease and give the dispatch with its new fencing number.

    Raises:
        DispatchError: Another process is sending it.
    """
    with database.writing() as connection:
        number = ledger.take_lease(connection, dispatch, owner, now, LASTING)
        if number is None:
            raise DispatchError(
                f"another process is sending {dispatch.issue} to {dispatch.list}",
                remedy="Wait until it has finished; a process that died lets go after a minute.",
            )
        return ledger.read_dispatch(connection, dispatch.id)
