"""YAML files and front matter, with the place of everything in them.

What is read is plain data; beside it stands where each key and value came from, so that every later complaint can
name line and column. YAML 1.2: `no`, `on` and `12:30` are texts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from newsletter.errors import ContentError, NewsletterError, Place, raise_all

KeyPath: TypeAlias = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

NODE_LIMIT: Final = 50_000
SIZE_LIMIT: Final = 5_000_000
_FENCE: Final = re.compile(r"\A---[ \t]*\r?\n(?:(.*?)\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Document:
    """Data from a file, and where it stands there.

    Args:
        file: As a person would name it.
        data: Mappings, lists, texts, numbers, booleans, dates and None.
        places: Line and column of each key and value, both from 1, by path.
    """

    file: str
    data: Any
    places: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)
    key_places: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: Sequence[str | int] = (), *, key: bool = False) -> Place:
        """Give the place of a value, or of its key; of the nearest thing around it where it does not exist."""
        parts = tuple(path)
        named = ".".join(str(part + 1) if isinstance(part, int) else part for part in parts) or None
        if key and parts in self.key_places:
            line, column = self.key_places[parts]
            return Place(self.file, line, column, field=named)
        while parts and parts not in self.places:
            parts = parts[:-1]
        line, column = self.places.get(parts, (1, 1))
        return Place(self.file, line, column, field=named)


def read_text(path: Path, name: str) -> str:
    """Read a UTF-8 file; a byte order mark is dropped, line ends stay as they are.

    Raises:
        ContentError: The file is missing, too large, unreadable or in another encoding.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ContentError(
            "the file does not exist", where=Place(name), remedy="Check the name, or put the file there."
        ) from error
    except OSError as error:
        raise ContentError(
            f"the file cannot be read: {error.strerror}", where=Place(name), remedy="Check its rights."
        ) from error
    if len(content) > SIZE_LIMIT:
        raise ContentError(f"the file has {len(content):,} bytes", where=Place(name), remedy="Make it smaller.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        raise ContentError(
            f"the byte 0x{content[error.start]:02x} is not UTF-8",
            where=Place(name, line, len(before) - (before.rfind(b"\n") + 1) + 1),
            remedy="Save the file as UTF-8.",
        ) from error


def read_yaml(path: Path, name: str) -> Document:
    """Read a YAML file.

    Raises:
        ContentError: It cannot be read, or is not YAML.
    """
    return parse_yaml(read_text(path, name), name)


def parse_yaml(text: str, name: str, first_line: int = 1) -> Document:
    """Read YAML.

    Args:
        name: The file's name, for messages.
        first_line: The number of the text's first line in that file.

    Raises:
        ContentError: It is not YAML, or names a key twice.
    """
    control = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text)
    if control:
        line, column = _line_and_column(text, control.start())
        raise ContentError(
            f"the control character U+{ord(control[0]):04X}",
            where=Place(name, line + first_line - 1, column),
            remedy="Delete that character.",
        )
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = False
    try:
        loaded = yaml.load(text)
    except DuplicateKeyError as error:
        raise _yaml_error(error, name, first_line, "Remove one of the two.") from error
    except MarkedYAMLError as error:
        raise _yaml_error(
            error, name, first_line, "Mend that line; texts with ': ' or '#' in them need quotes."
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ContentError(
            f"this is not YAML: {error}", where=Place(name, first_line), remedy="Mend the file."
        ) from error
    reader = _Reader(name, first_line - 1)
    reader.places[()] = (first_line, 1)
    return Document(name, reader.plain(loaded, ()), reader.places, reader.key_places)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A text split into its front matter and its body.

    Args:
        start: Where the front matter's first line begins in the text.
        body_line: The number of the body's first line.
    """

    matter: str
    start: int
    body: str
    body_line: int


def split_front_matter(text: str, name: str) -> FrontMatter:
    """Split a text at the two lines of three dashes.

    Raises:
        ContentError: The text does not begin with front matter, or it has no end.
    """
    found = _FENCE.match(text)
    if found is None:
        begun = text.startswith("---")
        raise ContentError(
            "the front matter has no end" if begun else "the front matter is missing",
            where=Place(name, 1, 1),
            remedy="End it with a line of three dashes." if begun else "Begin with '---', 'kind: article', …, '---'.",
        )
    matter = found[1] or ""
    start = text.index("\n") + 1
    return FrontMatter(matter, start, text[found.end() :], text[: found.end()].count("\n") + 1)


def validate(model: type[Model], document: Document, context: Mapping[str, Any] | None = None) -> Model:
    """Hold a document against a model.

    Raises:
        ContentError: It does not fit; names line, column, key and what was expected. Several are raised together.
    """
    try:
        return model.model_validate(document.data, context=dict(context or {}))
    except ValidationError as error:
        raise_all(explain(problem, document, model) for problem in error.errors())
        raise


def explain(problem: ErrorDetails, document: Document, model: type[BaseModel]) -> NewsletterError:
    """Say in plain words what is wrong with a value, where, and what to do."""
    path = _path_in(document, problem["loc"])
    kind, context = problem["type"], problem.get("ctx", {})
    key = str(problem["loc"][-1]) if problem["loc"] else ""
    if kind == "extra_forbidden":
        known = _known_keys(model, problem["loc"][:-1])
        near = get_close_matches(key, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(sorted(known))}."
        return ContentError(f"the key {key!r} is not known", where=document.place(path, key=True), remedy=hint)
    if kind == "missing":
        return ContentError(f"the key {key!r} is missing", where=document.place(path[:-1]), remedy=f"Add '{key}: …'.")
    if kind == "value_error":
        message, remedy, named = [*str(context.get("error", problem["msg"])).split("|"), "", ""][:3]
        if named:
            return ContentError(message, where=document.place((*path, named), key=True), remedy=remedy)
        return ContentError(message, where=document.place(path), remedy=remedy or "Correct it.")
    expected = _EXPECTED.get(kind, problem["msg"])
    if kind in ("enum", "literal_error"):
        expected = f"one of {context.get('expected')}"
    return ContentError(
        f"{_shown(problem.get('input'))} does not fit {key!r}",
        where=document.place(path),
        remedy=f"Expected: {expected}.",
    )


_EXPECTED: Final = {
    "string_type": "a text; put it in quotes if it looks like a number or a date",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list, each on a line that begins with '- '",
    "tuple_type": "a list, each on a line that begins with '- '",
    "dict_type": "keys with values below it, indented",
    "model_type": "keys with values below it, indented",
    "model_attributes_type": "keys with values below it, indented",
    "date_type": "a date such as 2024-03-07",
    "date_parsing": "a date such as 2024-03-07",
    "date_from_datetime_parsing": "a date such as 2024-03-07",
    "string_too_short": "a text that is not empty",
    "too_short": "at least one",
}


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    found: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or found is None:
            continue
        info = found.model_fields.get(part)
        found = _model_in(info.annotation) if info else found
    return list(found.model_fields) if found else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found:
            return found
    return None


def _path_in(document: Document, location: Sequence[str | int]) -> KeyPath:
    """Drop from pydantic's location what is no key of the document, such as the name of a member of a union."""
    path: list[str | int] = []
    here = document.data
    for part in location:
        if _holds(here, part):
            here = here[part]
        elif part is not location[-1] or isinstance(here, (str, int, float)):
            continue
        path.append(part)
    return tuple(path)


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, Mapping) and part in data


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, (str, int, float, bool)) else type(value).__name__
    if isinstance(value, (date, datetime)):
        text = str(value)
    names = {"dict": "a group of keys", "list": "a list", "NoneType": "nothing"}
    return names.get(text, text if len(text) <= 60 else f"{text[:57]}…")


def _yaml_error(error: MarkedYAMLError, name: str, first_line: int, remedy: str) -> ContentError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + first_line if mark else first_line
    problem = (error.problem or error.context or "this is not YAML").split("\n")[0]
    return ContentError(problem.strip(), where=Place(name, line, mark.column + 1 if mark else None), remedy=remedy)


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1


@dataclass
class _Reader:
    name: str
    offset: int
    places: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    key_places: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    count: int = 0

    def plain(self, value: Any, path: KeyPath) -> Any:
        self.count += 1
        if self.count > NODE_LIMIT or len(path) > 40:
            raise ContentError("too much is nested or repeated here", where=Place(self.name), remedy="Write it out.")
        self._refuse_tag(value, path)
        if isinstance(value, CommentedMap):
            return {self._key(value, key, path): self.plain(value[key], (*path, str(key))) for key in value}
        if isinstance(value, CommentedSeq):
            for index in range(len(value)):
                line, column = value.lc.data[index][:2]
                self.places[*path, index] = (line + 1 + self.offset, column + 1)
            return [self.plain(item, (*path, index)) for index, item in enumerate(value)]
        return _plain_scalar(value)

    def _refuse_tag(self, value: Any, path: KeyPath) -> None:
        tag = getattr(value, "tag", None)
        name = getattr(tag, "value", None) or getattr(tag, "trval", None)
        if name is None and isinstance(value, (CommentedMap, CommentedSeq, *_SCALARS, type(None))):
            return
        raise ContentError(
            f"the tag {str(name or type(value).__name__)!r} does not belong here",
            where=Place(self.name, *self.places.get(path, (None, None))),
            remedy="Write plain texts, numbers, lists and keys, without an exclamation mark before them.",
        )

    def _key(self, mapping: CommentedMap, key: Any, path: KeyPath) -> str:
        if not isinstance(key, str):
            raise ContentError(
                f"the key {key!r} is no text",
                where=Place(self.name, *self.places.get(path, (None, None))),
                remedy="Put it in quotes.",
            )
        key_line, key_column, line, column = mapping.lc.data[key][:4]
        self.key_places[*path, key] = (key_line + 1 + self.offset, key_column + 1)
        self.places[*path, key] = (line + 1 + self.offset, column + 1)
        return key


_SCALARS: Final = (str, bool, int, float, date)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.timetz())
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return value if isinstance(value, date) else str(value)
