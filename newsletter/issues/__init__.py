"""Issues as files: read, change, write back without losing a comment."""

from newsletter.issues.edit import Position, add_item, move_item, remove_item, restore_item
from newsletter.issues.files import ISSUE_FILE, Listed, assert_layouts, issue_folder, list_issues, read_issue
from newsletter.issues.model import Entry, Issue, Section
from newsletter.issues.new import new_issue

__all__ = [
    "ISSUE_FILE",
    "Entry",
    "Issue",
    "Listed",
    "Position",
    "Section",
    "add_item",
    "assert_layouts",
    "issue_folder",
    "list_issues",
    "move_item",
    "new_issue",
    "read_issue",
    "remove_item",
    "restore_item",
]
