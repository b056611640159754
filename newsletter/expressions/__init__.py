"""The one small language of conditions and values.

Jinja's own expressions, as far as they can be answered for one reader in Python and for all of them in SQL.
"""

from newsletter.expressions.joining import ALWAYS, NEVER, all_of, any_of, none_of
from newsletter.expressions.parse import Expression, check, fields_of, parse, parse_text, parse_value
from newsletter.expressions.predicate import evaluator, predicate
from newsletter.expressions.tree import Fixed
from newsletter.expressions.types import Field, Schema, Type, Value, text_of

__all__ = [
    "ALWAYS",
    "NEVER",
    "Expression",
    "Field",
    "Fixed",
    "Schema",
    "Type",
    "Value",
    "all_of",
    "any_of",
    "check",
    "evaluator",
    "fields_of",
    "none_of",
    "parse",
    "parse_text",
    "parse_value",
    "predicate",
    "text_of",
]
