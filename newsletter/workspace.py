"""Where everything of a workspace lies on disk, and how files are written there.

Every write goes to a temporary file beside the target, which then takes its place in one step: a full disk
or a kill leaves the old file as it was.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from newsletter.errors import Place, WorkspaceError

SETTINGS_FILE = "newsletter.toml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder with `newsletter.toml`, `templates/`, `issues/` and `subscribers/`."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / SETTINGS_FILE

    @property
    def templates(self) -> Path:
        return self.root / "templates"

    @property
    def issues(self) -> Path:
        return self.root / "issues"

    @property
    def subscribers(self) -> Path:
        return self.root / "subscribers"

    @property
    def state(self) -> Path:
        """Everything that stays out of git: database, outbox, media, reports, the secret key."""
        return self.root / "var"

    def name_of(self, path: Path) -> str:
        """Name a path as a person in this workspace would: relative to its root where it lies inside."""
        absolute = path.absolute()
        if absolute.is_relative_to(self.root):
            return absolute.relative_to(self.root).as_posix()
        return str(path)


def find(start: Path) -> Workspace:
    """Find the workspace that a folder lies in.

    Raises:
        WorkspaceError: Neither the folder nor any above it holds `newsletter.toml`.
    """
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_FILE).is_file():
            return Workspace(candidate)
    raise WorkspaceError(
        f"no {SETTINGS_FILE} in this folder or any above it",
        where=Place(file=str(folder)),
        remedy="Go to a workspace, name one with --workspace, or make one with 'newsletter init DIR'.",
    )


def has_file(path: Path) -> bool:
    """Tell whether a file lies there; under a name that no file can have lies none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the place of `path` when the block ends well, and vanishes otherwise.

    Args:
        private: Readable by its owner only.

    Raises:
        WorkspaceError: The disk is full, the folder may not be written, or the like.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise WorkspaceError(
            f"cannot be written: {error.strerror or error}",
            where=Place(file=str(path)),
            remedy="Nothing was changed. Check the free space and the rights of the folder.",
        ) from error


def write_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a whole file in one step; see `replacing`."""
    with replacing(path, private=private) as file:
        file.write(content)
