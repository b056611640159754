"""Reads what the issues before one consisted of; what was read once is kept by the digest of its file."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from newsletter.documents import parse_yaml, split_front_matter
from newsletter.errors import NewsletterError, WorkspaceError
from newsletter.issues import ISSUE_FILE, Issue
from newsletter.preflight.base import EarlierIssue, EarlierItem
from newsletter.workspace import Workspace, write_atomically

_CACHE: Final = Path("cache/earlier-issues.json")


def earlier_issues(workspace: Workspace, issue: Issue, days: int) -> tuple[EarlierIssue, ...]:
    """Read the issues that are dated before one, the newest first; an issue or item that cannot be read is left out.

    Args:
        days: How far back to look.
    """
    memory = _Memory(workspace.state / _CACHE)
    first = issue.date - timedelta(days=days)
    found = []
    for path in workspace.issues.glob(f"*/{ISSUE_FILE}"):
        slug = path.parent.name
        with suppress(NewsletterError, OSError, ValueError):
            heading, _ = memory.read(path, _heading)
            day = date.fromisoformat(heading["date"])
            if slug != issue.slug and first <= day and (day, slug) < (issue.date, issue.slug):
                items = tuple(_items(path.parent, heading["files"], memory))
                found.append(EarlierIssue(slug, day, heading["subject"], heading["preheader"], items))
    memory.keep()
    return tuple(sorted(found, key=lambda one: (one.date, one.slug), reverse=True))


def _items(folder: Path, files: list[str], memory: "_Memory") -> Iterator[EarlierItem]:
    for file in files:
        with suppress(NewsletterError, OSError, ValueError):
            item, digest = memory.read(folder / file, _item)
            yield EarlierItem(item["title"], item["kind"], item["url"], digest)


def _heading(text: str) -> dict[str, Any]:
    """Read from `issue.yaml` what a later issue is compared with."""
    data = _group(text)
    entries = [entry for section in data.get("sections") or () for entry in section.get("items") or ()]
    return {
        "date": str(data.get("date")),
        "subject": " ".join(str(data.get("subject") or "").split()),
        "preheader": " ".join(str(data.get("preheader") or "").split()),
        "files": [str(entry.get("file") if isinstance(entry, dict) else entry) for entry in entries],
    }


def _item(text: str) -> dict[str, Any]:
    """Read from an item what a later one is compared with."""
    data = _group(split_front_matter(text, "").matter)
    url = data.get("url") or data.get("file")
    return {"title": str(data.get("title") or ""), "kind": str(data.get("kind") or ""), "url": url}


def _group(text: str) -> dict[str, Any]:
    data = parse_yaml(text, "").data
    if not isinstance(data, dict):
        raise ValueError("it holds no keys")  # noqa: TRY004 (a file that is left out, not a call that is wrong)
    return data


class _Memory:
    """What files said, by their digest, kept from one check to the next; without it everything works the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, dict[str, Any]] = {}
        self.changed = False
        with suppress(OSError, ValueError):
            kept = json.loads(path.read_bytes())
            self.known = kept if isinstance(kept, dict) else {}

    def read(self, path: Path, reader: Callable[[str], dict[str, Any]]) -> tuple[dict[str, Any], str]:
        """Give what a reader makes of a file, and the file's digest."""
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        key = f"{reader.__name__} {digest}"
        if key not in self.known:
            self.known[key] = reader(content.decode("utf-8-sig"))
            self.changed = True
        return self.known[key], digest

    def keep(self) -> None:
        """Write down what is new; a disk that cannot be written costs time and no more."""
        if self.changed:
            with suppress(WorkspaceError):
                write_atomically(self.path, json.dumps(self.known, ensure_ascii=False).encode())
