"""The provider lets us in, and takes messages of our size.

It is asked without sending anything: an SMTP server by connecting and logging in, SendGrid for what the key may
do, others for how the account or its domain stands.
"""

from collections.abc import Sequence
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning
from newsletter.providers.base import Inspection

NEEDS_NETWORK: Final = True

_SMALL: Final = 500_000
"""Bytes; a newsletter is far below, but not one with a document in it."""
_SHOWN: Final = 5


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Ask the provider in use."""
    name = surroundings.settings.provider
    inspection = await surroundings.inspect()
    if inspection is None:
        return [
            unknown(
                f"the provider {name} cannot be asked", "Send a test with it, or set provider to the one you send with."
            )
        ]
    faults = [problem(fault, remedy) for fault, remedy in inspection.faults.items()]
    return [_access(inspection), *_size(inspection), *_permissions(inspection), *faults]


def _access(inspection: Inspection) -> Observation:
    if inspection.logged_in:
        return fine(f"{inspection.server} knows us and lets us in")
    return fine(f"{inspection.server} lets us in, without a login")


def _size(inspection: Inspection) -> Sequence[Observation]:
    size = inspection.message_bytes
    if size is None:
        return [fine("it sets no limit to the size of messages")]
    if size < _SMALL:
        return [warning(f"it takes messages of {size:,} bytes at most", "Ask whoever runs it for more.")]
    return [fine(f"it takes messages of up to {size:,} bytes")]


def _permissions(inspection: Inspection) -> Sequence[Observation]:
    found = []
    if inspection.missing:
        missing = ", ".join(sorted(inspection.missing))
        found.append(problem(f"the key lacks permissions: {missing}", "Give it the permission to send mail."))
    if inspection.needless:
        names = sorted(inspection.needless)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        found.append(
            warning(
                f"the key may do more than it needs: {', '.join(names[:_SHOWN])}{more}",
                "Make a key that may send mail and no more: who steals it can do less.",
            )
        )
    return found
