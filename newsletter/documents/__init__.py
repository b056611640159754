"""YAML files and front matter, with the place of everything in them."""

from newsletter.documents.front_matter import FrontMatter, split_front_matter
from newsletter.documents.nodes import Node, compose, find_mark
from newsletter.documents.reading import Document, KeyPath, document_of, parse_yaml, read_text, read_yaml
from newsletter.documents.scalars import written
from newsletter.documents.splicing import (
    add_to_brackets,
    break_near,
    changed,
    line_end,
    line_start,
    remove_from_brackets,
)
from newsletter.documents.validation import explain, validate
from newsletter.documents.values import Day, Text

__all__ = [
    "Day",
    "Document",
    "FrontMatter",
    "KeyPath",
    "Node",
    "Text",
    "add_to_brackets",
    "break_near",
    "changed",
    "compose",
    "document_of",
    "explain",
    "find_mark",
    "line_end",
    "line_start",
    "parse_yaml",
    "read_text",
    "read_yaml",
    "remove_from_brackets",
    "split_front_matter",
    "validate",
    "written",
]
