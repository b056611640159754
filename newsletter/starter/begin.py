"""Makes a workspace that works at once."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from newsletter.errors import Place, SettingsError, WorkspaceError
from newsletter.settings import check, find_keys
from newsletter.workspace import SETTINGS_FILE, write_atomically

SHIPPED_TEMPLATES: Final = ("announcement", "bulletin", "digest", "shared")
"""The folders of templates that a new workspace has."""

_PARTS: Final = ("templates", "issues", "subscribers")
_TERMS: Final = "terms.yaml"
_IGNORE: Final = "gitignore"
_LANGUAGES: Final = "languages"
_MANIFEST: Final = "template.toml"
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name",),
    "language": ("language",),
    "time_zone": ("time_zone",),
    "email": ("sender", "email"),
    "postal_address": ("sender", "postal_address"),
    "public_url": ("public_url",),
}
_LEFT_OUT: Final = frozenset({".DS_Store", "__pycache__"})


def begin(folder: Path, answers: Mapping[str, str]) -> tuple[Path, ...]:
    """Make a workspace with settings, templates, example issues, list definitions and a word list.

    Args:
        answers: By name, language, time_zone, email, postal_address and public_url; others stay as they come.

    Returns:
        The files made.

    Raises:
        WorkspaceError: Something stands in the way; nothing was written then.
        SettingsError: An answer will not do; nothing was written then.
    """
    source = _source()
    contents = {path: (source / path).read_bytes() for path in _files(source)}
    if "language" in answers:
        contents |= _translated(answers["language"])
    contents[Path(".gitignore")] = _ignored(source)
    contents[Path(SETTINGS_FILE)] = _settings(source, answers).encode()
    if "language" in answers:
        _assert_language(answers["language"], contents)
    _assert_free(folder, contents)
    for path, content in contents.items():
        write_atomically(folder / path, content)
    return tuple(folder / path for path in contents)


def shipped_templates() -> tuple[Path, ...]:
    """Give the folders of the templates as they are shipped, whatever a workspace has made of its own."""
    return tuple(_source() / "templates" / name for name in SHIPPED_TEMPLATES)


def _source() -> Path:
    """Find the files to copy: beside this module in an installed package, the repository's root in a checkout."""
    here = Path(__file__).parent
    return here if (here / SETTINGS_FILE).is_file() else here.parents[1]


def _files(source: Path) -> list[Path]:
    found = [source / _TERMS, *(path for part in _PARTS for path in sorted((source / part).rglob("*")))]
    relative = [path.relative_to(source) for path in found if path.is_file()]
    return [path for path in relative if not _LEFT_OUT.intersection(path.parts) and _is_shared(path)]


def _is_shared(path: Path) -> bool:
    """Leave out what a checkout's own work has left: people's data and receipts."""
    is_data = path.suffix in {".csv", ".xlsx"} and path.name != "example.csv"
    return not is_data and not (path.parts[0] == "issues" and path.name.startswith("receipt-"))


def _translated(language: str) -> dict[Path, bytes]:
    """Give the files that are there in a language: definitions of lists, and the word list."""
    folder = Path(__file__).with_name(_LANGUAGES) / language.partition("-")[0]
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


def _assert_language(language: str, contents: Mapping[Path, bytes]) -> None:
    """Refuse a language that a template has no words in, before anything is written."""
    for path, content in contents.items():
        if path.name != _MANIFEST:
            continue
        known: list[str] = tomllib.loads(content.decode())["languages"]
        if not {language, language.partition("-")[0]}.intersection(known):
            raise SettingsError(
                f"the template {path.parent.name!r} has no words in {language!r}",
                where=Place(SETTINGS_FILE, field="language"),
                remedy=f"It has: {', '.join(known)}. Choose one of these, and translate the template later.",
            )


def _ignored(source: Path) -> bytes:
    kept = source / _IGNORE
    return (kept if kept.is_file() else source / ".gitignore").read_bytes()


def _settings(source: Path, answers: Mapping[str, str]) -> str:
    text = (source / SETTINGS_FILE).read_text(encoding="utf-8")
    values = {_KEYS[name]: value for name, value in answers.items()}
    if "name" in answers:
        values[("sender", "name")] = values[("sender", "organisation")] = answers["name"]
    keys = find_keys(text)
    for path in sorted(values, key=lambda path: keys[path].start, reverse=True):
        key = keys[path]
        text = text[: key.start] + json.dumps(values[path], ensure_ascii=False) + text[key.end :]
    check(text, SETTINGS_FILE)
    return text


def _assert_free(folder: Path, contents: Mapping[Path, bytes]) -> None:
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError("this is a file", where=Place(str(folder)), remedy="Name a folder, or one to be made.")
    taken = [path for path in contents if (folder / path).exists()]
    if taken:
        raise WorkspaceError(
            f"the file {taken[0].as_posix()} is there already",
            where=Place(str(folder)),
            remedy="Nothing was written. Name an empty folder, or move what is there out of the way.",
        )
