"""Holds documents against models, and says in plain words what does not fit and where."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from newsletter.documents.reading import Document, KeyPath
from newsletter.errors import ContentError, NewsletterError, raise_all

Model = TypeVar("Model", bound=BaseModel)


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
    location, of_key = _without_key_mark(problem["loc"])
    path = _path_in(document, location)
    kind, context = problem["type"], problem.get("ctx", {})
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    if kind == "extra_forbidden":
        known = _known_keys(model, problem["loc"][:-1])
        near = get_close_matches(key, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(sorted(known))}."
        return ContentError(f"the key {key!r} is not known", where=document.place(path, key=True), remedy=hint)
    if kind == "missing":
        return ContentError(f"the key {key!r} is missing", where=document.place(path[:-1]), remedy=f"Add '{key}: …'.")
    if kind == "value_error":
        message, remedy, named = [*str(context.get("error", problem["msg"])).rsplit("|", 2), "", ""][:3]
        if named:
            return ContentError(message, where=document.place((*path, named), key=True), remedy=remedy)
        return ContentError(message, where=document.place(path), remedy=remedy or "Correct it.")
    place = document.place(path, key=of_key)
    expected = _expected(problem, model)
    if of_key:
        return ContentError(f"the key {key!r} will not do", where=place, remedy=f"Expected: {expected}.")
    return ContentError(_unfit(problem.get("input"), key), where=place, remedy=f"Expected: {expected}.")


def _without_key_mark(location: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], bool]:
    """Take away the mark that pydantic puts behind a key which itself does not fit."""
    of_key = bool(location) and location[-1] == "[key]"
    return (location[:-1], True) if of_key else (location, False)


def _unfit(value: Any, key: str) -> str:
    if key:
        return f"there is nothing behind {key!r}" if value is None else f"{_shown(value)} does not fit {key!r}"
    return "the file is empty" if value is None else f"the file holds {_shown(value)}"


def _expected(problem: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in ("enum", "literal_error"):
        return f"one of {context.get('expected')}"
    if kind in ("model_type", "model_attributes_type"):
        return _expected_keys(_model_at(model, problem["loc"]) or model)
    if kind == "string_pattern_mismatch":
        return _in_words(str(context.get("pattern")))
    for name, sign in _LIMITS.items():
        if kind == name:
            return sign.format(*context.values())
    return _EXPECTED.get(kind) or _PYDANTIC_OPENING.sub("", problem["msg"])


def _in_words(pattern: str) -> str:
    """Say in words what a pattern of classes of characters allows, such as `^[a-z][a-z0-9_]{0,39}$`."""
    classes = _CLASS.findall(pattern)
    allowed = [words for sign, words in _CHARACTERS.items() if any(sign in one for one in classes)]
    first = [words for sign, words in _CHARACTERS.items() if len(classes) > 1 and sign in classes[0]]
    limit = _LIMIT.search(pattern)
    at_most = f"at most {int(limit[1]) + len(classes) - 1} " if limit else ""
    beginning = f", beginning with {' or '.join(first)}" if first and first != allowed else ""
    return f"{at_most}{', '.join(allowed)}{beginning}"


_CLASS: Final = re.compile(r"\[([^\]]+)\]")
_LIMIT: Final = re.compile(r"\{\d*,(\d+)\}")
_CHARACTERS: Final = {"a-z": "small letters", "A-Z": "capitals", "0-9": "digits", "_": "underscores", "_-": "hyphens"}
_PYDANTIC_OPENING: Final = re.compile(r"^(?:Input|Value|String) should (?:be )?")

_LIMITS: Final = {
    "greater_than": "more than {0}",
    "greater_than_equal": "at least {0}",
    "less_than": "less than {0}",
    "less_than_equal": "at most {0}",
    "string_too_long": "at most {0} characters",
}

_EXPECTED: Final = {
    "string_type": "a text; put it in quotes if it looks like a number or a date",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list, each on a line that begins with '- '",
    "tuple_type": "a list, each on a line that begins with '- '",
    "dict_type": "keys with values below it, indented",
    "date_type": "a date such as 2024-03-07",
    "date_parsing": "a date such as 2024-03-07",
    "date_from_datetime_parsing": "a date such as 2024-03-07",
    "date_from_datetime_inexact": "a day without a time, such as 2024-03-07",
    "finite_number": "a whole number",
    "int_from_float": "a whole number",
    "string_unicode": "a text of whole characters",
    "string_too_short": "a text that is not empty",
    "too_short": "at least one",
    "float_type": "a number",
    "float_parsing": "a number",
}


def _expected_keys(model: type[BaseModel]) -> str:
    needed = ", ".join(f"'{name}: …'" for name, info in model.model_fields.items() if info.is_required())
    others = ", ".join(name for name, info in model.model_fields.items() if not info.is_required())
    listed = f": {needed}" if needed else ""
    if others:
        listed += f"; there {'are also' if needed else 'are'}: {others}"
    return f"keys with values below it, indented{listed}"


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    found = _model_at(model, location)
    return list(found.model_fields) if found else []


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or found is None:
            continue
        info = found.model_fields.get(part)
        found = _model_in(info.annotation) if info else found
    return found


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
