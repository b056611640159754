"""Turns an issue into a compiled issue, and that into one reader's bytes."""

from newsletter.render.calendar import content_type
from newsletter.render.calendar_files import Calendar, calendar_files, collect_calendar, publish_calendar
from newsletter.render.compile import CompiledIssue, compile_issue
from newsletter.render.confirmation import (
    CONFIRMATION,
    Slots,
    Wording,
    compile_confirmation,
    load_confirmation,
)
from newsletter.render.dates import event_date, format_day, format_moment, until
from newsletter.render.merge import CommonParts, Letterhead, MergedParts, Merger, Reader
from newsletter.render.pages import PageCache
from newsletter.render.references import references
from newsletter.render.templates import Template, load_template, template_names
from newsletter.render.theme import Theme, read_theme
from newsletter.render.translations import SHARED, Translations, adding_language, read_translations
from newsletter.render.views import Masthead

__all__ = [
    "CONFIRMATION",
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
    "Slots",
    "Template",
    "Theme",
    "Translations",
    "Wording",
    "adding_language",
    "calendar_files",
    "collect_calendar",
    "compile_confirmation",
    "compile_issue",
    "content_type",
    "event_date",
    "format_day",
    "format_moment",
    "load_confirmation",
    "load_template",
    "publish_calendar",
    "read_theme",
    "read_translations",
    "references",
    "template_names",
    "until",
]
