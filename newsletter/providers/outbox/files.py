"""Files of an outbox, which hold names, addresses and signed links: readable by their owner only."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_FOLDER: Final = 0o700
_FILE: Final = 0o600


def make_private_folder(folder: Path) -> None:
    """Make a folder, or close one that is open to others.

    Raises:
        OSError: It cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
    with suppress(PermissionError):  # somebody else's folder is theirs to close
        folder.chmod(_FOLDER)


def write_private_file(target: Path, content: bytes) -> None:
    """Write a file that is whole or not there.

    Without waiting for the disk: it outlives a kill of the process, and is one of many.

    Raises:
        OSError: It cannot be written; what was there before still is.
    """
    temporary = target.with_name(f"{target.name}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE), "wb") as file:
            file.write(content)
        temporary.replace(target)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
