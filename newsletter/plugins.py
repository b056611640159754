"""Finds and loads what stands in a plug-in folder or is offered by an installed package.

In a plug-in folder every file or folder is a plug-in, named as users write it, except `base`. Third parties
offer theirs through entry points in the group `newsletter.<kind>`.
"""

import importlib
import importlib.util
import pkgutil
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from newsletter.errors import PluginError


def names(kind: str) -> tuple[str, ...]:
    """Name every plug-in of a kind ("providers", "cli", …), sorted, without importing one."""
    return tuple(sorted(_built_in(kind) | _offered(kind).keys()))


def load(kind: str, name: str) -> ModuleType:
    """Import one plug-in.

    Args:
        kind: The plug-in folder's name.
        name: As a user writes it; a hyphen stands for an underscore.

    Raises:
        PluginError: There is no such plug-in, or something that it needs is not installed.
    """
    wanted = name.replace("-", "_")
    try:
        if wanted in _built_in(kind):
            return importlib.import_module(f"newsletter.{kind}.{wanted}")
        if name not in _offered(kind):
            raise _unknown(kind, name)
        loaded: ModuleType = _offered(kind)[name].load()
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{kind}/{name} needs the package {error.name!r}, which is not installed",
            remedy=f"Install it, or the extra that brings it: pip install 'newsletter[{name}]'.",
        ) from error
    return loaded


@lru_cache
def _built_in(kind: str) -> frozenset[str]:
    spec = importlib.util.find_spec(f"newsletter.{kind}")
    folders = spec.submodule_search_locations if spec else None
    found = {module.name for module in pkgutil.iter_modules(folders)} if folders else set()
    return frozenset(name for name in found if name != "base" and not name.startswith("_"))


@lru_cache
def _offered(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"newsletter.{kind}")}


def _unknown(kind: str, name: str) -> PluginError:
    known = names(kind)
    near = get_close_matches(name, known, n=2)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}."
    return PluginError(f"no {kind.removesuffix('s')} is called {name!r}", remedy=hint)
