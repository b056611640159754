"""Reads what the issues before one consisted of; what was read once is kept by the digest of its file."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from newsletter.documents import parse_yaml, read_text, read_yaml, split_front_matter
from newsletter.errors import NewsletterError, WorkspaceError
from newsletter.issues import ISSUE_FILE, Issue, list_issues
from newsletter.preflight.base import EarlierIssue, EarlierItem
from newsletter.workspace import Workspace, write_atomically

_CACHE: Final = Path("cache/earlier-items.json")


def earlier_issues(workspace: Workspace, issue: Issue, days: int) -> tuple[EarlierIssue, ...]:
    """Read the issues that are dated before one, the newest first; an issue or item that cannot be read is left out.

    Args:
        days: How far back to look.
    """
    memory = _Memory(workspace.state / _CACHE)
    first = issue.date - timedelta(days=days)
    found = []
    for listed in list_issues(workspace):
        before = (
            listed.date is not None and first <= listed.date and (listed.date, listed.slug) < (issue.date, issue.slug)
        )
        if not before or listed.slug == issue.slug or listed.date is None:
            continue
        document = read_yaml(workspace.issues / listed.slug / ISSUE_FILE, listed.slug)
        items = tuple(_items(workspace.issues / listed.slug, document.data, memory))
        preheader = str(document.data.get("preheader") or "")
        found.append(EarlierIssue(listed.slug, listed.date, listed.subject or "", preheader, items))
    memory.keep()
    return tuple(found)


def _items(folder: Path, data: Any, memory: "_Memory") -> Iterator[EarlierItem]:
    for section in data.get("sections") or ():
        for entry in section.get("items") or ():
            with suppress(NewsletterError, OSError):
                yield memory.item(folder / (entry if isinstance(entry, str) else entry["file"]))


class _Memory:
    """Items by the digest of their file, kept from one check to the next; without it everything works the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, dict[str, Any]] = {}
        self.changed = False
        with suppress(OSError, ValueError):
            read = json.loads(path.read_bytes())
            self.known = read if isinstance(read, dict) else {}

    def item(self, path: Path) -> EarlierItem:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with suppress(TypeError):
            return EarlierItem(**self.known.get(digest, {}))
        item = _read(path, digest)
        self.known[digest] = asdict(item)
        self.changed = True
        return item

    def keep(self) -> None:
        if self.changed:
            with suppress(WorkspaceError):
                write_atomically(self.path, json.dumps(self.known, ensure_ascii=False).encode())


def _read(path: Path, digest: str) -> EarlierItem:
    matter = split_front_matter(read_text(path, path.name), path.name).matter
    data = parse_yaml(matter, path.name).data or {}
    return EarlierItem(
        str(data.get("title") or ""), str(data.get("kind") or ""), data.get("url") or data.get("file"), digest
    )
