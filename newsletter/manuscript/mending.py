"""Changes words in a file and nothing beside them, and makes sure that the file then says what was meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.documents import KeyPath, changed, parse_yaml, split_front_matter
from newsletter.errors import ContentError, NewsletterError, Place

_FENCE: Final = "---"


@dataclass(frozen=True, slots=True)
class Fix:
    """Words to be put in the place of others.

    Args:
        name: The file, as a person would name it.
        start: Where the old words stand in its text, which has no byte order mark.
        key: The key whose value they belong to; empty in the body of an item.
    """

    name: str
    path: Path
    start: int
    old: str
    new: str
    key: KeyPath = ()

    @property
    def end(self) -> int:
        """Behind the old words."""
        return self.start + len(self.old)


def mend(text: str, fixes: Sequence[Fix]) -> str:
    """Make changes to the text of one file; every other character stays as it was.

    Of changes that overlap the first is made.

    Raises:
        ContentError: The file is another by now, or would say something else than was meant.
    """
    chosen = list(_apart(fixes))
    if not chosen:
        return text
    name = chosen[0].name
    if any(text[fix.start : fix.end] != fix.old for fix in chosen):
        raise ContentError(
            "the file was changed meanwhile", where=Place(name), remedy="Nothing was changed. Check the issue again."
        )
    result = changed(text, [(fix.start, fix.end, fix.new) for fix in chosen])
    try:
        before, after = _data(text, name), _data(result, name)
    except NewsletterError as error:
        raise _unsafe(name) from error
    allowed = {fix.key for fix in chosen if fix.key}
    if {path for path, _ in _differences(before, after, ())} - allowed:
        raise _unsafe(name)
    for path, (old, new) in _differences(before, after, ()):
        if not _is_meant(old, new, [fix for fix in chosen if fix.key == path]):
            raise _unsafe(name)
    return result


def _apart(fixes: Sequence[Fix]) -> Iterator[Fix]:
    end = -1
    for fix in sorted(set(fixes), key=lambda fix: (fix.start, -fix.end, fix.new)):
        if fix.start >= end and fix.old != fix.new:
            end = fix.end
            yield fix


def _is_meant(old: Any, new: Any, fixes: Sequence[Fix]) -> bool:
    """Whether a value has become another by nothing but its fixes, made one after the other."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    rest_old, rest_new = _one_line(old), _one_line(new)
    for fix in fixes:
        was, becomes = _one_line(fix.old), _one_line(fix.new)
        at = next((at for at in _positions(rest_old, was) if rest_new.startswith(rest_old[:at] + becomes)), None)
        if at is None:
            return False
        rest_old, rest_new = rest_old[at + len(was) :], rest_new[at + len(becomes) :]
    return rest_old.strip() == rest_new.strip()


def _positions(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _one_line(text: str) -> str:
    return " ".join(text.split(" ")) if "\n" not in text else " ".join(text.split())


def _data(text: str, name: str) -> Any:
    if text.startswith(_FENCE):
        return parse_yaml(split_front_matter(text, name).matter, name, first_line=2).data
    return parse_yaml(text, name).data


def _differences(before: Any, after: Any, path: KeyPath) -> Iterator[tuple[KeyPath, tuple[Any, Any]]]:
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key, value in before.items():
            yield from _differences(value, after[key], (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, (*path, number))
    elif type(before) is not type(after) or before != after:
        yield path, (before, after)


def _unsafe(name: str) -> ContentError:
    return ContentError(
        "the words stand in a way that cannot be changed safely",
        where=Place(name),
        remedy="Nothing was changed. Change them by hand.",
    )
