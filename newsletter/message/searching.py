"""Looks for a few characters in a whole message, ten times as fast as Python does by itself.

Every message is searched several times before it leaves, for what it hardly ever holds. Pydantic's core brings a search
for literal text that goes through 60 kB in 3 µs, where `in` takes up to 66; here it is asked for nothing else.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from pydantic_core import SchemaValidator, core_schema

Search: TypeAlias = Callable[[str], bool]
"""Tells whether a text holds what is looked for."""


def search_for(literal: str) -> Search:
    """Give what looks for a literal text, of ASCII characters."""
    pattern = core_schema.str_schema(pattern=re.escape(literal), regex_engine="rust-regex")
    # A text without it does not fit the pattern; a default in its place saves the exception.
    validate = SchemaValidator(core_schema.with_default_schema(pattern, default="", on_error="default")).validate_python
    return lambda text: validate(text) != ""


def as_text(octets: bytes) -> str:
    """Give octets as a text to be searched, one character for each."""
    return octets.decode("latin-1")
