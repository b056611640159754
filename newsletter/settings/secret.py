"""The secret that tokens are signed with: from the environment, or made once and kept beside the database."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from newsletter.errors import Place, SettingsError, WorkspaceError
from newsletter.workspace import Workspace, write_atomically

SECRET_VARIABLE: Final = "NEWSLETTER_SECRET_KEY"
SECRET_FILE: Final = "secret.key"
SHORTEST: Final = 32

_BYTES: Final = 32
_HOW: Final = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'."


def secret_keys(workspace: Workspace, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Give the secrets of a workspace: the one in use, then those whose tokens are still honoured.

    They stand, with white space between them, in `NEWSLETTER_SECRET_KEY` or in `var/secret.key`, which is
    made on first need. To change the secret put a new one in front.

    Raises:
        SettingsError: One is shorter than 32 characters, or none is there.
        WorkspaceError: The file cannot be read or made.
    """
    given = environ.get(SECRET_VARIABLE, "")
    if given:
        return _take_apart(given, SECRET_VARIABLE)
    path = workspace.state / SECRET_FILE
    name = workspace.name_of(path)
    if not path.exists():
        _make(path)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            "the secret key cannot be read",
            where=Place(name),
            remedy=f"Give yourself the right to read it, or set {SECRET_VARIABLE}.",
        ) from error
    return _take_apart(text, name)


def _take_apart(text: str, name: str) -> tuple[bytes, ...]:
    found = text.split()
    if not found or any(len(secret) < SHORTEST for secret in found):
        problem = f"a secret key has fewer than {SHORTEST} characters" if found else "there is no secret key here"
        raise SettingsError(problem, where=Place(name), remedy=_HOW)
    try:
        return tuple(secret.encode() for secret in found)
    except UnicodeEncodeError as error:
        raise SettingsError("a secret key holds what is no text", where=Place(name), remedy=_HOW) from error


def _make(path: Path) -> None:
    """Make the file, unless another process is quicker: then its secret is the one."""
    mine = path.with_name(f".{SECRET_FILE}.{secrets.token_hex(4)}")
    write_atomically(mine, f"{secrets.token_urlsafe(_BYTES)}\n".encode(), private=True)
    try:
        with suppress(FileExistsError):
            os.link(mine, path)
    except OSError:  # a file system without links
        mine.replace(path)
    finally:
        mine.unlink(missing_ok=True)
