"""Expressions that were checked once are read back whatever their length and depth; what a person writes is limited."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ExpressionError
from newsletter.expressions import Field, Schema, Type, parse, parse_value, tree

SCHEMA = Schema({"region": Field(Type.TEXT), "age": Field(Type.NUMBER), "topics": Field(Type.TEXT_SET)})

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.just("}} {% #}")
leaves = st.one_of(
    st.builds(tree.Comparison, st.just("region"), st.just(Type.TEXT), st.sampled_from(("eq", "ne")), texts),
    st.builds(tree.Containment, st.just("topics"), texts),
    st.just(tree.Truth("age", Type.NUMBER)),
)


def grown(leaf: tree.Condition, shape: list[int]) -> tree.Condition:
    """Nest a condition as deeply as the shape is long."""
    other = tree.Present("region", Type.TEXT)
    for kind in shape:
        grow = (
            tree.Not,
            lambda inner: tree.All((other, inner)),
            lambda inner: tree.Any((other, inner)),
        )
        leaf = grow[kind](leaf)
    return leaf


@settings(deadline=None, max_examples=50)
@given(leaf=leaves, shape=st.lists(st.integers(0, 2), max_size=150))
def test_what_was_checked_reads_back_as_the_same(leaf: tree.Condition, shape: list[int]) -> None:
    condition = grown(leaf, shape)
    again = parse(str(condition), SCHEMA, trusted=True)
    assert again.source == str(condition)
    assert again.tree == condition


def test_composed_condition_longer_than_a_person_may_write_reads_back() -> None:
    condition = tree.Any(tuple(tree.Comparison("region", Type.TEXT, "eq", f"region {n}") for n in range(500)))
    assert len(str(condition)) > 15_000
    assert parse(str(condition), SCHEMA, trusted=True).tree == condition
    with pytest.raises(ExpressionError, match="characters"):
        parse(str(condition), SCHEMA)


def test_value_with_many_fallbacks_reads_back() -> None:
    value = parse_value(" or ".join(["subscriber.region"] * 90), SCHEMA)
    assert parse_value(value.source, SCHEMA, trusted=True).tree == value.tree
    with pytest.raises(ExpressionError, match="nested"):
        parse_value("(" * 51 + "subscriber.region" + ")" * 51, SCHEMA)
