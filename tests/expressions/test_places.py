"""What is wrong in an expression is named with the line and column of that very word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ExpressionError, NewsletterError, Place, Problems
from newsletter.expressions import Field, Schema, Type, parse, parse_text, parse_value

SCHEMA = Schema(
    {
        "b": Field(Type.TEXT),
        "t": Field(Type.TEXT),
        "choice": Field(Type.TEXT, ("x", "y")),
        "number": Field(Type.NUMBER),
        "topics": Field(Type.TEXT_SET),
    }
)
START = Place("f", 3, 5)


def column_of(source: str) -> int:
    """Give the column of the source, from 1, that the error names."""
    with pytest.raises(ExpressionError) as caught:
        parse(source, SCHEMA, START)
    assert caught.value.where.line == 3
    assert caught.value.where.column is not None
    return caught.value.where.column - 4


@pytest.mark.parametrize(
    "marked",
    [
        "subscriber.^b == 1",
        "subscriber.t == 'q' and subscriber.choice == ^'q'",
        "subscriber.choice in ['x', ^'q']",
        "'choice' in subscriber.topics and subscriber.^choice == 1",
        "subscriber.t == 'a' 'b' and subscriber.choice == ^'q'",
        'subscriber.t == "it\'s \\"q\\"" and subscriber.choice == ^"q"',
        "subscriber.t == 'odd' or subscriber.b is ^odd",
        "subscriber.t == 'zz' and subscriber[^'zz'] == 'x'",
        "subscriber.t == 'zz' and not (subscriber.^zz)",
        "subscriber.t and ^t",
        "subscriber.number == 2.5 and subscriber.^number == '2'",
        "subscriber.number == none and true and subscriber.^topics == 'x'",
        "subscriber.t == 'x' and ^subscriber.b < 'c' < 'd'",
        "subscriber.b ^& 1",
        "subscriber.b == ^'x",
        "subscriber.b == (^",
        "(subscriber.b^",
        "subscriber.b ==^",
    ],
)
def test_column_is_that_of_the_word_that_is_wrong(marked: str) -> None:
    assert column_of(marked.replace("^", "")) == marked.index("^") + 1


right = st.sampled_from(
    ["subscriber.t == 'zz'", "'zz' in subscriber.topics", "subscriber.b in ['zz', \"z'z\"]", "subscriber.b is defined"]
)


@settings(deadline=None)
@given(before=st.lists(right, max_size=4), after=st.lists(right, max_size=3), joint=st.sampled_from(["and", "or"]))
def test_unknown_field_is_found_wherever_it_stands(before: list[str], after: list[str], joint: str) -> None:
    source = f" {joint} ".join([*before, "not (subscriber.zz)", *after])
    assert column_of(source) == source.index(".zz") + 2


@settings(deadline=None)
@given(st.text("subcriber.b ='\"()[]{}1\n", max_size=25))
def test_message_names_no_brace_that_nobody_wrote(source: str) -> None:
    message = ""
    try:
        parse(source, SCHEMA)
    except ExpressionError as error:
        message = error.message
    assert "{" in source or "}" in source or "}" not in message
    assert "print statement" not in message
    assert "template" not in message


def test_value_in_a_choice_is_found_in_the_order_of_the_source() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_value("'zz' if subscriber.t == 'zz' else subscriber.zz", SCHEMA, START)
    assert caught.value.where == Place("f", 3, 5 + len("'zz' if subscriber.t == 'zz' else subscriber."))


def test_all_values_of_a_text_are_looked_at_each_with_its_place() -> None:
    text = "a {{ subscriber.zz }}\nb {{ subscriber.b }} {{ subscriber.yy }} {{"
    with pytest.raises(Problems) as caught:
        parse_text(text, SCHEMA, lambda position: Place("f", position))
    assert [error.where.line for error in caught.value.errors] == [text.index("zz"), text.index("yy"), len(text) - 2]
    assert all(isinstance(error, NewsletterError) for error in caught.value.errors)
