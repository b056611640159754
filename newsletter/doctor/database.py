"""The database can be read and written, and its tables are those of this version.

Nothing is made or changed: the tables are brought up to date by the first command that needs them.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, warning
from newsletter.store import DatabaseBusy, inspect_database

NEEDS_NETWORK: Final = False


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Open the database, begin to write, and leave again."""
    url = surroundings.settings.database.url
    try:
        state = await asyncio.to_thread(inspect_database, url, surroundings.workspace.root)
    except DatabaseBusy as error:
        return [warning(error.message, error.remedy)]
    revisions = state.revisions
    if revisions is None or revisions.current is None:
        return [
            warning(
                f"{state.name} holds no subscribers yet: it is made when it is first needed",
                "Import a list: newsletter subscribers import FILE. If there should be one, correct database.url.",
            )
        ]
    if not revisions.is_known:
        return [
            problem(
                f"a newer version of this program has made {state.name} ({revisions.current})",
                "Update this program: pip install --upgrade newsletter.",
            )
        ]
    if revisions.current != revisions.wanted:
        return [
            warning(
                f"the tables of {state.name} are of an older version ({revisions.current})",
                "Make a backup; the next command that needs them brings them up to date.",
            )
        ]
    return [fine(f"{state.name} can be read and written, and its tables are up to date")]
