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
        number = ledger.take_lease(connection, dispatch, owner, now, LASTING, _is_gone)
        if number is None:
            raise DispatchError(
                f"another process is sending {dispatch.issue} to {dispatch.list}",
                remedy="Wait until it has finished; one that died on another machine lets go after a minute.",
            )
        return ledger.read_dispatch(connection, dispatch.id)


def _is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this machine that has ended.

    Where two machines share a name this may be wrong; the fencing number then stops the one that is still there.
    """
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
