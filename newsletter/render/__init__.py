"""Turns an issue into a compiled issue, and that into one reader's bytes."""

from newsletter.render.compile import CompiledIssue, compile_issue
from newsletter.render.merge import CommonParts, Letterhead, MergedParts, Merger, Reader
from newsletter.render.references import references
from newsletter.render.templates import SHARED, Template, load_template, template_names
from newsletter.render.views import Masthead

__all__ = [
    "SHARED",
    "CommonParts",
    "CompiledIssue",
    "Letterhead",
    "Masthead",
    "MergedParts",
    "Merger",
    "Reader",
    "Template",
    "compile_issue",
    "load_template",
    "references",
    "template_names",
]
