"""Opens what commands on one dispatch need."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from newsletter.cli.base import Face, slug_of

if TYPE_CHECKING:
    from newsletter.dispatch import Controls, Dispatch, Surroundings


@contextmanager
def opened(face: Face) -> "Iterator[Surroundings]":
    """Open the workspace's database, with what sending needs of the workspace."""
    from newsletter import dispatch as sending
    from newsletter.clock import now

    with face.database() as database:
        yield sending.Surroundings(face.workspace, face.settings, face.definitions, face.signer, database, now)


def find(surroundings: "Surroundings", name: str) -> "Dispatch":
    """Find a dispatch by its identifier, or by its issue where that has only one.

    Raises:
        DispatchError: There is none, or there are several.
    """
    from newsletter import dispatch as sending

    with surroundings.database.reading() as connection:
        return sending.find_dispatch(connection, slug_of(name))


def controls(surroundings: "Surroundings", dispatch: "Dispatch") -> "Controls":
    """Give what acts on a dispatch, in the name of the person who is logged in."""
    from newsletter import dispatch as sending

    return sending.Controls(surroundings.database, dispatch.id, surroundings.by, surroundings.clock)
