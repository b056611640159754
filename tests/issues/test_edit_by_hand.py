"""Edits of issues that people wrote in their own ways: one span changes, or nothing does and the place is named."""

import os
import shutil
from pathlib import Path

import pytest

from newsletter.errors import ContentError, NewsletterError
from newsletter.expressions import Schema
from newsletter.issues import add_items, move_item, read_issue, remove_item, restore_item
from newsletter.workspace import Workspace
from support.editing import ITEM, order

HEAD = "subject: S\ndate: 2024-02-20\ntemplate: bulletin\nsections:\n"


def issue_of(workspace: Workspace, sections: str, files: str = "abcd") -> Path:
    """Write an issue with these sections, and items a.md, b.md and so on beside it."""
    folder = workspace.issues / "i"
    folder.mkdir()
    (folder / "issue.yaml").write_bytes((HEAD + sections).encode())
    for file in [*(f"{letter}.md" for letter in files), "it's.md"]:
        (folder / file).write_text(ITEM.format("T"), encoding="utf-8")
    (workspace.root / "new.md").write_text(ITEM.format("New"), encoding="utf-8")
    return folder


def add(workspace: Workspace, section: str | None = "1", at: int | None = None, file: str = "new.md") -> None:
    add_items(workspace, "i", [workspace.root / file], section=section, at=at, time_zone="UTC")


def whole(workspace: Workspace) -> None:
    """Read the issue as a build would."""
    read_issue(workspace, "i", Schema({}), time_zone="UTC", language="nl")


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


COMMENTED = "  - layout: news\n    items:   # all\n      # a\n      - a.md\n"
NONE = " []   # all\n      # a"
BRACKETS = "  - layout: news\n    items: [\n      a.md,  # first\n      b.md,\n      # mid, dle\n      c.md\n    ]\n"
INLINE = "  - layout: news\n    items: [a.md, \"b.md\",   {file: c.md, title: 'x, ]'}] # c\n"


@pytest.mark.parametrize(
    ("sections", "at", "old", "new"),
    [
        (INLINE, None, "}] # c", "}, new.md] # c"),
        (INLINE, 2, '"b.md",', 'new.md, "b.md",'),
        (BRACKETS, None, "      c.md\n", "      c.md,\n      new.md\n"),
        (BRACKETS, 2, "      b.md,\n", "      new.md,\n      b.md,\n"),
        ("  - layout: news\n    items: [a.md, it's.md, b.md]\n", None, "b.md]", "b.md, new.md]"),
        ("  - layout: news\n    items: [a.md, ]\n", None, "a.md, ]", "a.md, new.md, ]"),
        ("  - {layout: news}\n", None, "news}", "news, items: [new.md]}"),
        ("  - {layout: news, items: []}\n", None, "[]", "[new.md]"),
        ("  - layout: news\n    items: []", None, " []", "\n      - new.md"),
        ("  - layout: news\n    items: []  # none yet\n", None, " []  # none yet\n", "  # none yet\n      - new.md\n"),
        ("  - layout: news\n    items:  # none\n      []\n", None, "      []\n", "      - new.md\n"),
        ("  - layout: news\n    items: [ # none\n    ]\n", None, "    ]", "    new.md]"),
        ("  - layout: news\n    items:\n      - a.md", None, "- a.md", "- a.md\n      - new.md"),
        ("  - layout: news\r\n    items:\r\n      - a.md\r\n", None, "a.md\r\n", "a.md\r\n      - new.md\r\n"),
    ],
)
def test_add_changes_one_span_and_remove_takes_it_back(
    workspace: Workspace, sections: str, at: int | None, old: str, new: str
) -> None:
    folder = issue_of(workspace, sections)
    add(workspace, at=at)
    assert (folder / "issue.yaml").read_bytes().decode() == HEAD + sections.replace(old, new, 1)
    whole(workspace)
    if "a.md" in sections:
        remove_item(workspace, "i", "new.md", delete_file=False)
        assert (folder / "issue.yaml").read_bytes().decode() == HEAD + sections


@pytest.mark.parametrize(
    ("sections", "entry", "old", "new"),
    [
        (BRACKETS, "1.2", "      b.md,\n", ""),
        (BRACKETS, "1.1", "      a.md,  # first\n", ""),
        (BRACKETS, "1.3", "      c.md\n", ""),
        (INLINE, "1.1", "a.md, ", ""),
        (INLINE, "1.2", '"b.md",   ', ""),
        (INLINE, "1.3", ",   {file: c.md, title: 'x, ]'}", ""),
        ("  - layout: news\n    items: [a.md, it's.md, b.md]\n", "it's.md", "it's.md, ", ""),
        ("  - {layout: news, items: [a.md]}\n", "a.md", "[a.md]", "[]"),
        ("  - layout: news\n    items:\n      - a.md\n      - b.md", "b.md", "\n      - b.md", ""),
        (
            "  - layout: news\n    items:   # all\n      # a\n      - a.md\n",
            "1.1",
            "   # all\n      # a\n      - a.md",
            " []   # all\n      # a",
        ),
    ],
)
def test_remove_takes_one_span(workspace: Workspace, sections: str, entry: str, old: str, new: str) -> None:
    folder = issue_of(workspace, sections)
    remove_item(workspace, "i", entry, delete_file=False)
    expected = sections.replace(old, new, 1)
    if entry == "1.3" and sections == BRACKETS:
        expected = expected.replace("b.md,", "b.md", 1)
    assert (folder / "issue.yaml").read_bytes().decode() == HEAD + expected


LONG = (
    "  - layout: news\n    items:\n      - file: a.md\n        lead: |+\n          one\n          # no comment\n\n\n"
    "      -   b.md  # spaced\n  - layout: lead\n    items: []\n"
)


def test_entry_with_a_block_of_text_can_be_moved_whole(workspace: Workspace) -> None:
    folder = issue_of(workspace, LONG)
    move_item(workspace, "i", "a.md", section="2", at=None)
    entry = "      - file: a.md\n        lead: |+\n          one\n          # no comment\n\n\n"
    expected = LONG.replace(entry, "").replace("items: []\n", f"items:\n{entry}")
    assert (folder / "issue.yaml").read_text(encoding="utf-8") == HEAD + expected
    move_item(workspace, "i", "a.md", section="1", at=1)
    assert (folder / "issue.yaml").read_text(encoding="utf-8") == HEAD + LONG


def test_comment_moves_with_its_entry_between_lists_of_all_kinds(workspace: Workspace) -> None:
    sections = "  - layout: news\n    items: [\n      a.md,  # first\n      b.md,\n    ]\n"
    sections += "  - layout: lead\n    items:\n      - c.md\n"
    folder = issue_of(workspace, sections)
    move_item(workspace, "i", "a.md", section="2", at=1)
    moved = sections.replace("      a.md,  # first\n", "").replace("- c.md", "- a.md  # first\n      - c.md")
    assert (folder / "issue.yaml").read_text(encoding="utf-8") == HEAD + moved
    move_item(workspace, "i", "a.md", section="1", at=1)
    assert (folder / "issue.yaml").read_text(encoding="utf-8") == HEAD + sections


def test_only_entry_of_a_list_with_comments_can_be_moved_to_its_own_place(workspace: Workspace) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [  # all\n      a.md,  # first\n    ]\n")
    move_item(workspace, "i", "a.md", section="1", at=1)
    assert order(folder) == [["a.md"]]
    assert (folder / "issue.yaml").read_text(encoding="utf-8").count("#") == 2


def test_byte_order_mark_survives_edits_of_issue_and_item(workspace: Workspace) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [a.md]\n")
    path, source = folder / "issue.yaml", workspace.root / "new.md"
    before = b"\xef\xbb\xbf" + path.read_bytes()
    path.write_bytes(before)
    source.write_bytes(b"\xef\xbb\xbf" + source.read_bytes())
    add(workspace)
    assert path.read_bytes() == before.replace(b"a.md", b"a.md, new.md")
    assert (folder / "new.md").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "x.txt",
        "x",
        "x.MD",
        "a\\b.md",
        "a\nb.md",
        "x: y.md",
        "# y.md",
        "[a], b.md",
        "it's.md",
        "é x.md",
        "-.md",
        "no\udcff.md",
    ],
)
def test_file_of_any_name_becomes_an_item_that_the_issue_can_hold(workspace: Workspace, name: str) -> None:
    for sections in ("  - layout: news\n    items: [a.md]\n", "  - layout: news\n    items:\n      - a.md\n"):
        folder = issue_of(workspace, sections)
        source = workspace.root / name
        source.write_text(ITEM.format("New"), encoding="utf-8")
        add(workspace, file=name)
        assert len(order(folder)[0]) == 2
        whole(workspace)
        shutil.rmtree(folder)


def test_name_that_the_issue_gives_to_a_missing_file_is_not_taken_again(workspace: Workspace) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [./new.md]\n")
    add(workspace)
    assert order(folder) == [["./new.md", "new-2.md"]]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("./a.md", "stands in the issue already"),
        ("a.md", "stands in the issue already"),
        ("sub/../b.md", "does not lie in"),
        ("n.txt", "no Markdown file"),
        ("../../new.md", "does not lie in"),
    ],
)
def test_restore_refuses_what_would_break_the_issue(workspace: Workspace, file: str, says: str) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [a.md]\n")
    (folder / "sub").mkdir()
    (folder / "n.txt").write_text(ITEM.format("N"), encoding="utf-8")
    before = state(folder)
    with pytest.raises(ContentError, match=says) as raised:
        restore_item(workspace, "i", file, section=None, at=None, time_zone="UTC")
    assert raised.value.remedy
    assert state(folder) == before


def test_restore_writes_a_name_in_its_short_form(workspace: Workspace) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [a.md]\n")
    restore_item(workspace, "i", ".//b.md", section=None, at=None, time_zone="UTC")
    assert order(folder) == [["a.md", "b.md"]]


LIST_TWICE = "  - layout: news\n    items: &x [a.md]\n  - layout: lead\n    items: *x\n"
SECTION_TWICE = "  - &y\n    layout: news\n    items: [b.md]\n  - *y\n"
EXPLICIT = "  - ? layout\n    : news\n    ? items\n    : - a.md\n"


@pytest.mark.parametrize(
    ("sections", "section"), [(LIST_TWICE, "1"), (LIST_TWICE, "2"), (SECTION_TWICE, "1"), (SECTION_TWICE, "2")]
)
def test_add_that_cannot_be_made_safely_leaves_every_file_as_it_was(
    workspace: Workspace, sections: str, section: str
) -> None:
    folder = issue_of(workspace, sections)
    before = state(folder)
    with pytest.raises(ContentError, match="cannot be edited") as raised:
        add(workspace, section=section)
    assert raised.value.remedy
    assert raised.value.where.line is not None
    assert state(folder) == before


def test_remove_that_cannot_be_made_safely_changes_nothing(workspace: Workspace) -> None:
    folder = issue_of(workspace, EXPLICIT)
    before = state(folder)
    with pytest.raises(ContentError, match=r"issue\.yaml:5:5.*cannot be edited safely"):
        remove_item(workspace, "i", "a.md", delete_file=True)
    assert state(folder) == before


def test_edit_of_a_list_that_is_repeated_elsewhere_is_refused_with_its_place(workspace: Workspace) -> None:
    issue_of(workspace, LIST_TWICE)
    with pytest.raises(ContentError, match=r"issue\.yaml:8:12.*the reference \*x cannot be edited"):
        add(workspace, section="2")
    with pytest.raises(ContentError, match=r"issue\.yaml:5:5.*cannot be edited safely"):
        add(workspace, section="1")


def test_refused_or_failed_add_leaves_no_files(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [a.md]\n")
    picture = workspace.root / "images/p.png"
    picture.parent.mkdir()
    picture.write_bytes(b"p")
    text = ITEM.format("T").replace("title:", "image:\n  source: images/p.png\n  alt: ''\ntitle:")
    (workspace.root / "new.md").write_text(text, encoding="utf-8")
    before = state(folder)
    real, calls = os.fsync, iter([True, True, False])

    def full_at_last(descriptor: int) -> None:
        if not next(calls):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_last)
    with pytest.raises(NewsletterError, match="No space left"):
        add(workspace)
    assert state(folder) == before
    monkeypatch.setattr(os, "fsync", real)
    add(workspace)
    whole(workspace)


def test_item_that_stands_twice_can_still_be_taken_out(workspace: Workspace) -> None:
    folder = issue_of(workspace, "  - layout: news\n    items: [a.md, b.md, a.md]\n")
    remove_item(workspace, "i", "1.2", delete_file=False)
    remove_item(workspace, "i", "1.2", delete_file=False)
    assert order(folder) == [["a.md"]]
