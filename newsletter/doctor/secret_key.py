"""The secret key that readers' links are signed with is there, and nobody else can read it.

Whoever reads it can take any reader off, or change what they chose. Without it the links in messages that were
sent no longer work.
"""

import stat
from collections.abc import Sequence
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, warning
from newsletter.settings import SECRET_FILE, SECRET_VARIABLE, secret_keys

NEEDS_NETWORK: Final = False

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Read the key where it stands; none is made."""
    workspace, environ = surroundings.workspace, surroundings.environ
    if environ.get(SECRET_VARIABLE):
        secret_keys(workspace, environ)
        return [fine(f"the secret key stands in {SECRET_VARIABLE}")]
    path = workspace.state / SECRET_FILE
    name = workspace.name_of(path)
    if not path.exists():
        return [
            warning(
                f"there is no secret key yet: {name} is made when it is first needed",
                f"If there was one, restore it, or set {SECRET_VARIABLE}: links that were sent depend on it.",
            )
        ]
    secret_keys(workspace, environ)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        return [problem(f"{name} can be read by others than its owner ({mode:04o})", f"Run: chmod 600 {name}.")]
    return [fine(f"the secret key stands in {name}, which only its owner can read")]
