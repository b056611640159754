"""Issues as files: read, change, write back without losing a comment."""

from newsletter.issues.edit import add_items, move_item, remove_item, restore_item
from newsletter.issues.files import ISSUE_FILE, Listed, issue_folder, list_issues, template_of
from newsletter.issues.finding import Position
from newsletter.issues.layouts import Kinds, assert_layouts
from newsletter.issues.model import Entry, Issue, Section
from newsletter.issues.new import new_issue
from newsletter.issues.reading import read_issue

__all__ = [
    "ISSUE_FILE",
    "Entry",
    "Issue",
    "Kinds",
    "Listed",
    "Position",
    "Section",
    "add_items",
    "assert_layouts",
    "issue_folder",
    "list_issues",
    "move_item",
    "new_issue",
    "read_issue",
    "remove_item",
    "restore_item",
    "template_of",
]
