"""Changes values in the front matter of an item's file, and nothing beside them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ruamel.yaml.error import YAMLError

from newsletter.documents import (
    Node,
    add_to_brackets,
    changed,
    compose,
    document_of,
    find_mark,
    line_end,
    line_start,
    parse_yaml,
    remove_from_brackets,
    split_front_matter,
    written,
)
from newsletter.errors import ContentError, Place

MARK: Final = "\ufeff"


def change_item(text: str, name: str, changes: Mapping[str, Any]) -> str:
    """Change values in the front matter of an item's file.

    Everything else stays byte for byte: comments, spaces, quotes, the order of keys, keys that nobody knows, and the
    body. Without a change the text comes back as it was.

    Args:
        changes: From key to plain data; None takes the key away.

    Raises:
        ContentError: The file has no front matter that can be read, or it cannot be changed safely.
    """
    mark = MARK if text.startswith(MARK) else ""
    parts = split_front_matter(text.removeprefix(MARK), name)
    before = _group(parts.matter, name)
    matter, expected = parts.matter, dict(before)
    for key, value in changes.items():
        if value is None and key in before:
            del expected[key]
        elif value is None or (key in before and is_same(before[key], value)):
            continue
        else:
            expected[key] = value
        matter = _with(matter, name, key, value)
    start = len(mark) + parts.start
    result = text[:start] + matter + text[start + len(parts.matter) :]
    if split_front_matter(result.removeprefix(MARK), name).matter != matter or not is_same(
        _changed_group(matter, name), expected
    ):
        raise _unsafe(name)
    return result


def is_same(one: Any, other: Any) -> bool:
    """Whether two pieces of plain data are equal, and of the same types: 1 is not true, and a moment has its offset."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, datetime):
        return bool(one == other and one.utcoffset() == other.utcoffset())
    return bool(one == other or (one != one and other != other))


def _group(matter: str, name: str) -> dict[str, Any]:
    document = parse_yaml(matter, name, first_line=2)
    if document.data is None:
        return {}
    if not isinstance(document.data, dict):
        raise ContentError(
            "the front matter holds no keys", where=document.place(), remedy="Write 'kind: article' and the like there."
        )
    return document.data


def _changed_group(matter: str, name: str) -> dict[str, Any]:
    try:
        return _group(matter, name)
    except ContentError as error:
        raise _unsafe(name) from error


def _unsafe(name: str) -> ContentError:
    return ContentError(
        "the front matter is written in a way that cannot be changed safely",
        where=Place(name, 2, 1),
        remedy="Nothing was changed. Write one key on each line, without references such as &x and *x.",
    )


def _with(matter: str, name: str, key: str, value: Any) -> str:
    """Change one key; None takes it away."""
    try:
        root = compose(matter, name, 2)
        if root is not None and root.pairs:
            keys = [_key_of(pair[0], name) for pair in root.pairs]
            if key not in keys:
                return _added(matter, root, key, value)
            if value is None:
                return _removed(matter, root, keys.index(key))
            return _replaced(matter, root, keys.index(key), value)
        if root is not None and root.flow:
            return add_to_brackets(matter, root, [], 0, _pair(key, value))
        return matter + _block_pair(key, value, 0, _break_of(matter))
    except YAMLError as error:
        raise ContentError(
            f"the value of {key!r} cannot be written as YAML", where=Place(name, 2, 1), remedy="Use plain data."
        ) from error


def _key_of(node: Node, name: str) -> str:
    return str(document_of(node, name).data)


def _added(matter: str, root: Node, key: str, value: Any) -> str:
    if root.flow:
        return add_to_brackets(matter, root, _spans(root), len(root.pairs), _pair(key, value))
    at = line_end(matter, root.end, beyond=True)
    return changed(matter, [(at, at, _block_pair(key, value, root.column - 1, _break_of(matter)))])


def _removed(matter: str, root: Node, index: int) -> str:
    if root.flow:
        return remove_from_brackets(matter, root, _spans(root), index)
    start, end = _spans(root)[index]
    return changed(matter, [(line_start(matter, start), line_end(matter, end, beyond=True), "")])


def _replaced(matter: str, root: Node, index: int, value: Any) -> str:
    key, node = root.pairs[index]
    colon = find_mark(matter, key.end, node.start, ":")
    if root.flow or colon is None:
        new = written(value, flow=True)
        colon_needed = "" if colon is not None else ":"
        space = " " if matter[node.start - 1 : node.start] not in (" ", "\t", "\n") else ""
        return changed(matter, [(node.start, node.end, f"{colon_needed}{space}{new}")])
    inline, below = _forms(value, key.column - 1, _break_of(matter))
    if line_start(matter, node.start) > colon:
        first = line_start(matter, node.start)
        if below:
            return changed(matter, [(first, node.end, below)])
        after = line_end(matter, node.end, beyond=True)
        return changed(matter, [(colon + 1, colon + 1, f" {inline}"), (first, after, "")])
    if below:
        at = line_end(matter, node.end)
        return changed(matter, [(colon + 1, node.end, ""), (at, at, _break_of(matter) + below)])
    return changed(matter, [(node.start, node.end, f" {inline}" if colon + 1 == node.start else inline)])


def _spans(root: Node) -> list[tuple[int, int]]:
    return [(key.start, value.end) for key, value in root.pairs]


def _pair(key: str, value: Any) -> str:
    return f"{written(key, flow=True)}: {written(value, flow=True)}"


def _block_pair(key: str, value: Any, column: int, line_break: str) -> str:
    inline, below = _forms(value, column, line_break)
    text = f" {inline}" if inline else f"{line_break}{below}"
    return f"{' ' * column}{written(key, flow=True)}:{text}{line_break}"


def _forms(value: Any, column: int, line_break: str) -> tuple[str, str]:
    """Write a value for a key in a column: either behind the key, or as lines below it."""
    plain = isinstance(value, list) and not any(isinstance(element, dict | list) for element in value)
    if isinstance(value, dict | list) and value and not plain:
        lines = written(value, flow=False).strip("\n").split("\n")
        return "", line_break.join(f"{' ' * column}{line}" for line in lines)
    return written(value, flow=plain).replace("\n", line_break + " " * column), ""


def _break_of(matter: str) -> str:
    return "\r\n" if "\r\n" in matter else "\n"
