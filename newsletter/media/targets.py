"""Where published pictures and documents go: a folder of this machine, or any place that fsspec reaches."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from newsletter.errors import Place, SettingsError, WorkspaceError
from newsletter.media.model import Media
from newsletter.workspace import write_atomically

_KIND_OF_CONTENT: Final = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}
"""How the stores are told what a file is that would otherwise have browsers save it."""
_SETTING: Final = Place(field="media.folder")


class Target(Protocol):
    """Where files are published."""

    def has(self, name: str) -> bool:
        """Whether a file is there already."""

    def get(self, name: str) -> bytes | None:
        """Read a file; None where there is none.

        Raises:
            WorkspaceError: It cannot be read.
        """

    def put(self, name: str, content: bytes) -> None:
        """Write a file.

        Raises:
            WorkspaceError: It cannot be written.
        """


def open_target(folder: str, root: Path) -> Target:
    """Open what the setting `media.folder` names.

    Args:
        root: What a relative path starts from.

    Raises:
        SettingsError: Nothing is known of that kind of place, or what reaches it is not installed.
    """
    return _Store.open(folder) if "://" in folder else FolderTarget(root / folder)


def publish(media: Media, target: Target) -> None:
    """Write the files of an issue; those that are there already are left alone, as their names tell their content.

    Raises:
        ContentError: A picture has changed since it was looked at.
        WorkspaceError: The target cannot be written.
    """
    for file in media.files:
        if not target.has(file.name):
            target.put(file.name, file.content())


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """A folder of this machine."""

    folder: Path

    def has(self, name: str) -> bool:
        """Whether a file is there already."""
        return (self.folder / name).is_file()

    def get(self, name: str) -> bytes | None:
        """Read a file; None where there is none."""
        path = self.folder / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WorkspaceError(
                f"cannot be read: {error.strerror or error}",
                where=Place(file=str(path)),
                remedy="Check the rights of the file and its folder.",
            ) from error

    def put(self, name: str, content: bytes) -> None:
        """Write a file in one step."""
        write_atomically(self.folder / name, content)


@dataclass(frozen=True, slots=True)
class _Store:
    """A place that fsspec reaches."""

    system: Any
    base: str
    protocol: str

    @classmethod
    def open(cls, url: str) -> "_Store":
        import fsspec

        protocol = url.partition("://")[0]
        try:
            system, base = fsspec.url_to_fs(url)
        except ImportError as error:
            raise SettingsError(
                f"what reaches {protocol}:// is not installed: {error}",
                where=_SETTING,
                remedy=f"Install {_package(protocol)} beside this program: pip install {_package(protocol)}.",
            ) from error
        except ValueError as error:
            raise SettingsError(
                f"{url!r} cannot be opened: {error}", where=_SETTING, remedy="Name a folder, or a URL such as s3://…."
            ) from error
        return cls(system, str(base).rstrip("/"), protocol)

    def has(self, name: str) -> bool:
        try:
            return bool(self.system.exists(f"{self.base}/{name}"))
        except Exception as error:
            raise self._failure(error) from error

    def get(self, name: str) -> bytes | None:
        try:
            found: bytes = self.system.cat_file(f"{self.base}/{name}")
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failure(error) from error
        return found

    def put(self, name: str, content: bytes) -> None:
        told = {}
        kind = mimetypes.guess_type(name)[0]
        if kind and self.protocol in _KIND_OF_CONTENT:
            told[_KIND_OF_CONTENT[self.protocol]] = kind
        try:
            # Buckets hold no folders: there is only the bucket itself to make, out of a name that is mistyped.
            if self.protocol not in _KIND_OF_CONTENT:
                self.system.makedirs(self.base, exist_ok=True)
            self.system.pipe_file(f"{self.base}/{name}", content, **told)
        except Exception as error:  # each store has errors of its own
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> WorkspaceError:
        return WorkspaceError(
            f"{self.protocol}://{self.base} cannot be reached or written: {type(error).__name__}: {error}",
            where=_SETTING,
            remedy="Check its name and your access to it; what was written there is not written again.",
        )


def _package(protocol: str) -> str:
    from fsspec.registry import known_implementations

    return str(known_implementations.get(protocol, {}).get("class", protocol)).partition(".")[0]
