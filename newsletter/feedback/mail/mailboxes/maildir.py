"""Mail in a Maildir, as mail systems of this machine deliver it.

A message is whole once it stands in `new`. One that is kept moves to `cur` with the flag "S" (seen); one that another
program moved there without reading it still waits.

Source: https://cr.yp.to/proto/maildir.html
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from newsletter.errors import FeedbackError, Place
from newsletter.feedback.mail.mailboxes.base import MOST_READ, Incoming, identify

_FLAGS: Final = ":2,"
_SEEN: Final = "S"


class Maildir:
    """A Maildir.

    Args:
        folder: The folder with `new` and `cur` in it.

    Raises:
        FeedbackError: It is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not all((folder / name).is_dir() for name in ("new", "cur")):
            raise FeedbackError(
                "this is no Maildir: it lacks a folder `new` or `cur`",
                where=Place(str(folder)),
                remedy="Give the folder that the mail server delivers to.",
            )

    def waiting(self) -> Iterator[Incoming]:
        """Give every message that is not known to be kept, the oldest first."""
        for path in self._paths():
            try:
                with path.open("rb") as file:
                    content = file.read(MOST_READ)
                    received_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            except FileNotFoundError:
                continue  # another program has moved it, which may be one like this
            except OSError as error:
                raise self._error(path, "read", error) from error
            yield Incoming(identify(content), content, received_at, str(path.relative_to(self._folder)))

    def keep(self, incoming: Incoming) -> None:
        """Move a message to those that were seen."""
        path = self._folder / incoming.place
        name, _, flags = path.name.partition(_FLAGS)
        seen = self._folder / "cur" / f"{name}{_FLAGS}{''.join(sorted({*flags, _SEEN}))}"
        try:
            path.rename(seen)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._error(path, "moved", error) from error

    def _paths(self) -> list[Path]:
        """Give the files of messages that wait; links are none, as they may lead anywhere."""
        try:
            found = [*(self._folder / "new").iterdir(), *(self._folder / "cur").iterdir()]
        except OSError as error:
            raise self._error(self._folder, "read", error) from error
        waiting = [path for path in found if not path.name.startswith(".") and not self._is_kept(path)]
        return sorted((path for path in waiting if path.is_file() and not path.is_symlink()), key=_age)

    def _is_kept(self, path: Path) -> bool:
        return path.parent.name == "cur" and _SEEN in path.name.partition(_FLAGS)[2]

    def _error(self, path: Path, done: str, error: OSError) -> FeedbackError:
        return FeedbackError(
            f"it cannot be {done}: {error.strerror}",
            where=Place(str(path)),
            remedy="Give yourself the right to read and write in the Maildir.",
        )


def _age(path: Path) -> tuple[int, str]:
    """Give what a message is sorted by: the second at its name's beginning, and then its name."""
    second = path.name.partition(".")[0]
    return (int(second) if second.isascii() and second.isdigit() and len(second) < 16 else 0), path.name
