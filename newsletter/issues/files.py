"""Issues as folders of files: finding one, and listing what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from newsletter.documents import read_yaml, validate
from newsletter.errors import ContentError, NewsletterError, Place
from newsletter.issues.schema import IssueMatter
from newsletter.workspace import Workspace, has_file

ISSUE_FILE: Final = "issue.yaml"
NAMED_AT_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list of issues shows of one: either what it is, or why it cannot be read."""

    slug: str
    date: date | None
    subject: str | None
    items: int
    problem: NewsletterError | None = None


def issue_folder(workspace: Workspace, slug: str) -> Path:
    """Give the folder of an issue that exists.

    Raises:
        ContentError: There is no such issue; names those that are near.
    """
    folder = workspace.issues / slug
    if slug in {"", ".", ".."} or "/" in slug or "\\" in slug or not has_file(folder / ISSUE_FILE):
        raise ContentError(
            f"there is no issue called {slug!r}",
            where=Place(f"issues/{slug}/{ISSUE_FILE}"),
            remedy=_others(workspace, slug),
        )
    return folder


def _others(workspace: Workspace, slug: str) -> str:
    known = slugs(workspace)
    if not known:
        return "Make one with 'newsletter issue new SLUG'."
    if len(known) <= NAMED_AT_MOST:
        return f"There are: {', '.join(known)}."
    near = get_close_matches(slug, known, n=3, cutoff=0.4)
    if near:
        return f"Did you mean {' or '.join(near)}? 'newsletter issue list' shows all."
    newest = [one.slug for one in list_issues(workspace) if not one.problem][:3]
    return f"The newest: {', '.join(newest)}. 'newsletter issue list' shows all."


def template_of(workspace: Workspace, slug: str) -> str:
    """Name an issue's template.

    Raises:
        ContentError: There is no such issue, or its file is not as it should be.
    """
    file = issue_folder(workspace, slug) / ISSUE_FILE
    return validate(IssueMatter, read_yaml(file, f"issues/{slug}/{ISSUE_FILE}")).template


def slugs(workspace: Workspace) -> list[str]:
    """Name all issues, in the order of their names."""
    return sorted(path.parent.name for path in workspace.issues.glob(f"*/{ISSUE_FILE}"))


def list_issues(workspace: Workspace) -> Sequence[Listed]:
    """List all issues, the newest first; one that cannot be read is listed with its problem."""
    listed = [_listed(workspace, slug) for slug in slugs(workspace)]
    return sorted(listed, key=lambda one: (one.date or date.max, one.slug), reverse=True)


def _listed(workspace: Workspace, slug: str) -> Listed:
    try:
        document = read_yaml(workspace.issues / slug / ISSUE_FILE, f"issues/{slug}/{ISSUE_FILE}")
        matter = validate(IssueMatter, document)
    except NewsletterError as error:
        return Listed(slug, None, None, 0, error)
    return Listed(
        slug, matter.date, " ".join(matter.subject.split()), sum(len(section.items) for section in matter.sections)
    )
