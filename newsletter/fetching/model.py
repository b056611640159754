"""What fetching gives."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redirect:
    """One step on the way: the status it was answered with, and where it led."""

    status: int
    target: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back.

    Args:
        url: Where it was found in the end.
        status: Below 400.
        headers: By their names in small letters.
        content: Empty for `head`.
        redirects: The steps from the address that was asked for to `url`.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    redirects: tuple[Redirect, ...] = ()
