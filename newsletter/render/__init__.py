"""Turns an issue into a compiled issue, and that into one reader's bytes."""

from newsletter.render.compile import CompiledIssue, compile_issue
from newsletter.render.images import Media, collect_media, publish_media
from newsletter.render.merge import CommonParts, Letterhead, MergedParts, Merger, Reader
from newsletter.render.templates import SHARED, Template, load_template, template_names
from newsletter.render.views import Masthead

__all__ = [
    "SHARED",
    "CommonParts",
    "CompiledIssue",
    "Letterhead",
    "Masthead",
    "Media",
    "MergedParts",
    "Merger",
    "Reader",
    "Template",
    "collect_media",
    "compile_issue",
    "load_template",
    "publish_media",
    "template_names",
]
