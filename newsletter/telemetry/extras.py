"""Packages that only those have who asked for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.errors import PluginError


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Do something that needs the packages of an extra.

    Raises:
        PluginError: They are not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{what} need a package that is not installed: {error.name}",
            remedy=f"Install it: pip install 'newsletter[{extra}]'.",
        ) from error
