"""The rules of time zones are there and fresh.

Governments change them, some years at a few weeks' notice. Old rules show a meeting an hour wrong.
"""

import re
import zoneinfo
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning

NEEDS_NETWORK: Final = False

_OLD_YEARS: Final = 2
_VERSION: Final = re.compile(r"(?:# version )?((\d{4})[.a-z0-9]*)")
_VERSION_FILES: Final = ("tzdata.zi", "+VERSION")


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look which rules are in use for the workspace's time zone, and how old they are."""
    name = surroundings.settings.time_zone
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return [problem(f"there are no rules for the time zone {name}", "Install them: pip install --upgrade tzdata.")]
    folder = next((Path(one) for one in zoneinfo.TZPATH if (Path(one) / name).is_file()), None)
    found = _version_in(folder) if folder is not None else _version_of_package()
    whose = f"of the system ({folder})" if folder is not None else "of the package tzdata"
    match = _VERSION.match(found or "")
    if match is None:
        return [
            unknown(f"the rules {whose} for {name} do not tell how old they are", "Update the system's package tzdata.")
        ]
    message = f"the rules {whose} for {name} are of version {match[1]}"
    if surroundings.now().year - int(match[2]) >= _OLD_YEARS:
        return [warning(message, "Update them: the system's package tzdata, or pip install --upgrade tzdata.")]
    return [fine(message)]


def _version_in(folder: Path) -> str | None:
    for name in _VERSION_FILES:
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as file:
                return file.readline().strip()
        except OSError:
            continue
    return None


def _version_of_package() -> str | None:
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return None
