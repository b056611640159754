"""Where each key of a TOML file stands; the parser of the standard library does not tell."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_STRING: Final = r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'"
_TOKEN: Final = re.compile(
    rf"(?P<string>{_STRING})|(?P<comment>#[^\n]*)|(?P<mark>[\[\]{{}},\n])|[^\[\]{{}},\n\"'#]+", re.DOTALL
)
_KEY: Final = re.compile(rf"(?:{_STRING}|[A-Za-z0-9_-]+)(?:[ \t]*\.[ \t]*(?:{_STRING}|[A-Za-z0-9_-]+))*")
_PART: Final = re.compile(rf"{_STRING}|[A-Za-z0-9_-]+")
_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a TOML file: its line and column, from 1, and where its value begins and ends in the text."""

    line: int
    column: int
    start: int
    end: int


def find_keys(text: str) -> Mapping[KeyPath, Key]:
    """Find every key and table of a TOML file that the parser has accepted."""
    scan = _Scan(text)
    scan.document()
    return scan.keys


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.keys: dict[KeyPath, Key] = {}
        self.counts: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self.skip_space():
            if self.text[self.position] == "[":
                table = self.header()
            else:
                self.pair(table)

    def skip_space(self) -> bool:
        found = _SPACE.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return self.position < len(self.text)

    def header(self) -> KeyPath:
        start = self.position
        several = self.text.startswith("[[", start)
        self.position += 2 if several else 1
        self.skip_space()
        path = self.key()
        self.position = self.text.index("]", self.position) + (2 if several else 1)
        if several:
            count = self.counts[path] = self.counts.get(path, -1) + 1
            path = (*path, count)
        self.note(path, start, start, self.position)
        return path

    def pair(self, table: KeyPath) -> None:
        start = self.position
        path = (*table, *self.key())
        self.position = self.text.index("=", self.position) + 1
        self.skip_space()
        value = self.position
        self.value(path)
        end = value + len(self.text[value : self.position].rstrip())
        self.note(path, start, value, end)

    def key(self) -> KeyPath:
        found = _KEY.match(self.text, self.position)
        if found is None:
            self.position = len(self.text)
            return ()
        self.position = found.end()
        return tuple(_unquoted(part) for part in _PART.findall(found[0]))

    def value(self, path: KeyPath) -> None:
        """Go to the end of a value: of the line, or of the bracket that holds it."""
        if self.text.startswith("{", self.position):
            self.inline_table(path)
            return
        depth = 0
        while (found := _TOKEN.match(self.text, self.position)) is not None:
            mark = found["mark"] or ""
            if depth == 0 and (found["comment"] is not None or (mark and mark in "\n,}]")):
                return
            depth += (mark in ("[", "{")) - (mark in ("]", "}"))
            self.position = found.end()

    def inline_table(self, path: KeyPath) -> None:
        self.position += 1
        while self.skip_space() and self.text[self.position] != "}":
            if self.text[self.position] == ",":
                self.position += 1
            else:
                self.pair(path)
        self.position += 1

    def note(self, path: KeyPath, start: int, value: int, end: int) -> None:
        line = self.text.count("\n", 0, start) + 1
        self.keys.setdefault(path, Key(line, start - self.text.rfind("\n", 0, start), value, end))


def _unquoted(part: str) -> str:
    """Read a part of a key as the parser does, which alone knows all escapes."""
    text: str = tomllib.loads(f"part = {part}")["part"] if part[:1] in "\"'" else part
    return text
