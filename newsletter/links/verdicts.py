"""What it means for readers that a page could not be fetched."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from newsletter.errors import FetchError, FetchFault


class Verdict(Enum):
    """How sure it is that readers do not get there."""

    BROKEN = auto()
    """They do not."""
    UNREACHABLE = auto()
    """They would not at this moment."""
    UNCHECKED = auto()
    """They may well; only programs are kept out."""
    PRIVATE = auto()
    """It lies in a network that they are not in."""


_BY_KIND: Final[Mapping[FetchFault, Verdict]] = {
    "refused-address": Verdict.PRIVATE,
    "scheme": Verdict.BROKEN,
    "dns": Verdict.BROKEN,
    "connection": Verdict.UNREACHABLE,
    "tls": Verdict.BROKEN,
    "timeout": Verdict.UNREACHABLE,
    "status": Verdict.UNREACHABLE,
    "redirect-loop": Verdict.BROKEN,
    "too-large": Verdict.UNCHECKED,
    "too-many": Verdict.UNCHECKED,
    "encoding": Verdict.UNCHECKED,
}

# 999 is what one large network of professionals answers to every program.
_BY_STATUS: Final[Mapping[int, Verdict]] = {
    **dict.fromkeys((404, 410), Verdict.BROKEN),
    **dict.fromkeys((401, 402, 403, 405, 406, 407, 418, 423, 429, 451, 999), Verdict.UNCHECKED),
}


def verdict_of(error: FetchError) -> Verdict:
    """Tell what a failure means for readers."""
    if error.kind == "status" and error.status is not None:
        return _BY_STATUS.get(error.status, Verdict.UNREACHABLE)
    if error.kind == "redirect-loop" and "set-cookie" in error.headers:
        return Verdict.UNCHECKED
    return _BY_KIND[error.kind]
