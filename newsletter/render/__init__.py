"""Turns an issue into a compiled issue, and that into one reader's bytes."""

from newsletter.render.calendar import content_type
from newsletter.render.calendar_files import Calendar, calendar_files, collect_calendar, publish_calendar
from newsletter.render.compile import CompiledIssue, compile_issue
from newsletter.render.dates import event_date, until
from newsletter.render.merge import CommonParts, Letterhead, MergedParts, Merger, Reader
from newsletter.render.pages import PageCache
from newsletter.render.references import references
from newsletter.render.templates import Template, load_template, template_names
from newsletter.render.translations import SHARED, adding_language
from newsletter.render.views import Masthead

__all__ = [
    "SHARED",
    "Calendar",
    "CommonParts",
    "CompiledIssue",
    "Letterhead",
    "Masthead",
    "MergedParts",
    "Merger",
    "PageCache",
    "Reader",
    "Template",
    "adding_language",
    "calendar_files",
    "collect_calendar",
    "compile_issue",
    "content_type",
    "event_date",
    "load_template",
    "publish_calendar",
    "references",
    "template_names",
    "until",
]
