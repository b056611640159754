"""Writes the compact Can I Email data that the package carries, from a checkout of that project.

    python tools/vendor_caniemail.py FOLDER [TARGET]

Of each mail client the value of its latest version is kept. Equal input gives equal bytes.
"""

import gzip
import json
import re
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

TARGET: Final = Path(__file__).parents[1] / "newsletter/data/caniemail.json.gz"
SOURCE: Final = "https://www.caniemail.com"
LICENCE: Final = "MIT"
_FRONT_MATTER: Final = re.compile(r"\A---\s*\n(.*?)\n---", re.DOTALL)


def vendor(folder: Path) -> dict[str, Any]:
    """Gather the data of a checkout.

    Raises:
        ValueError: A file has no front matter, or a value is none that is known.
    """
    names = _yaml((folder / "_data/nicenames.yml").read_text(encoding="utf-8"))
    files = sorted(path for path in (folder / "_features").glob("*.md") if not path.name.startswith("_"))
    features = {path.stem: _feature(path) for path in files}
    return {
        "source": SOURCE,
        "licence": LICENCE,
        "copyright": _copyright((folder / "LICENSE").read_text(encoding="utf-8")),
        "date": max(feature["tested"] for feature in features.values()),
        "families": dict(names["family"]),
        "platforms": dict(names["platform"]),
        "features": features,
    }


def compress(data: Mapping[str, Any]) -> bytes:
    """Give the data as JSON, compressed, without a time of making in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _feature(path: Path) -> dict[str, Any]:
    found = _FRONT_MATTER.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{path.name} has no front matter")
    matter = _yaml(found[1])
    notes = {str(number): _plain(str(note)) for number, note in (matter.get("notes_by_num") or {}).items()}
    return {
        "title": _plain(str(matter["title"])),
        "category": str(matter["category"]),
        "tested": _day(str(matter["last_test_date"])),
        "notes": notes,
        "support": {
            f"{family}.{platform}": _latest(path, versions)
            for family, platforms in matter["stats"].items()
            for platform, versions in platforms.items()
            if versions
        },
    }


def _latest(path: Path, versions: Mapping[Any, Any]) -> list[str]:
    """Give the latest version and its value; versions stand in the order in which they were tested."""
    version, value = list(versions.items())[-1]
    if not re.fullmatch(r"[yanu]( ?#\d+)*", str(value).strip()):
        raise ValueError(f"{path.name}: {value!r} is no value that is known")
    return [str(version), str(value).strip()]


def _plain(markdown: str) -> str:
    """Give a note without the signs of Markdown: it is shown as text."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "").strip()


def _day(text: str) -> str:
    """Give a date as ISO 8601 wants it; some are written with a day of one digit."""
    year, month, day = (int(part) for part in text.split("-"))
    return date(year, month, day).isoformat()


def _yaml(text: str) -> Any:
    # Some files are indented with tabs, or say a thing twice; YAML allows neither.
    parser = YAML(typ="safe", pure=True)
    parser.allow_duplicate_keys = True
    return parser.load(text.replace("\t", "    "))


def _copyright(licence: str) -> str:
    return next(line.strip() for line in licence.splitlines() if line.startswith("Copyright"))


if __name__ == "__main__":
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else TARGET
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(compress(vendor(Path(sys.argv[1]))))
