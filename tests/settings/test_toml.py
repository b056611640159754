"""Where keys of a TOML file stand: the same keys as the parser finds, and values that can be replaced in place."""

import json
import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.settings.toml import find_keys

TEXT = '''\
# name = "not this one"
name = "a # b = c" # really
"quoted key" = 'literal \\'
a.b . c = 1
many = [ # comment ]
  "x", # [
  ["y"],
]
inline = { one = 1, two = { three = "}" } }
long = """
[not.a.table]
x = 1
"""

[table]
key = true
[table."with dots.in it"]
key = 2024-03-07
[[several]]
key = 1
[[several]]
key = 2
'''


def leaves(data: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    if isinstance(data, dict):
        return {leaf for key, value in data.items() for leaf in leaves(value, (*path, key))} | {path}
    if isinstance(data, list) and data and all(isinstance(one, dict) for one in data):
        return {leaf for number, one in enumerate(data) for leaf in leaves(one, (*path, number))}
    return {path}


def test_every_key_is_found_where_it_stands() -> None:
    keys = find_keys(TEXT)
    data = tomllib.loads(TEXT)
    assert {path for path in leaves(data) if path} - {("a",), ("a", "b")} <= keys.keys()
    lines = TEXT.splitlines()
    for path, key in keys.items():
        written = lines[key.line - 1][key.column - 1 :]
        assert str(next(part for part in reversed(path) if isinstance(part, str))) in written


def test_key_of_nothing_but_a_quotation_mark_is_found() -> None:
    assert {("'",), ('"', "é\n")} <= find_keys('"\'" = 1\n\'"\'."\\u00e9\\n" = 2\n').keys()


keys = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True) | st.text(
    st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8
)
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(-(2**31), 2**31),
    st.booleans(),
    st.lists(st.text("ab]}#\"'", max_size=4)),
)


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(st.dictionaries(keys, values, min_size=1, max_size=5), st.dictionaries(keys, values, max_size=5))
@settings(deadline=None)
def test_value_can_be_replaced_and_nothing_else_changes(top: dict[str, Any], table: dict[str, Any]) -> None:
    lines = [f"{written(key)} = {written(value)} # c" for key, value in top.items()]
    lines += ["['tafel x']", *(f"{written(key)} = {written(value)}" for key, value in table.items())]
    text = "\n".join(lines) + "\n"
    data = tomllib.loads(text)
    found = find_keys(text)
    for path in [("tafel x", key) for key in table if '"' not in key and "\\" not in written(key)]:
        key = found[path]
        changed = tomllib.loads(f"{text[: key.start]}42{text[key.end :]}")
        assert changed == {**data, "tafel x": {**data["tafel x"], path[1]: 42}}
