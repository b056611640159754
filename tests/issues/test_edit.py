"""Edits of issues: each is one step, and leaves every other byte as it was."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import ContentError, NewsletterError
from newsletter.issues import add_items, list_issues, move_item, new_issue, remove_item, restore_item
from newsletter.workspace import Workspace
from support.editing import ITEM, order


def write_issue(folder: Path, layout: list[list[str]], style: str, line_end: str) -> str:
    """Write an issue with some files in some sections, in one of the ways that people write lists."""
    lines = ["# Boven", "subject: S  # waarom", "date: 2024-02-20", "template: bulletin", "own: [1, 2]", "sections:"]
    lines = [line for line in lines if not line.startswith("own")]
    for number, files in enumerate(layout):
        lines += [f"  - title: Deel {number}", "    # over dit deel", "    layout: news"]
        if style == "flow" or not files:
            lines.append(f"    items: [{', '.join(files)}]")
        elif style == "tight":
            lines += ["    items:", *(f"    - {file}" for file in files)]
        else:
            lines.append("    items:")
            for file in files:
                lines += [f"      # over {file}", f"      - file: {file}", "        title: Anders  # zo"]
        lines.append("")
    text = line_end.join(lines)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "issue.yaml").write_bytes(text.encode())
    for files in layout:
        for file in files:
            (folder / file).write_text(ITEM.format(file), encoding="utf-8")
    return text


@st.composite
def layouts(draw: st.DrawFn) -> list[list[str]]:
    count = draw(st.integers(1, 3))
    files = [f"{letter}.md" for letter in draw(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=6))]
    sections: list[list[str]] = [[] for _ in range(count)]
    for file in files:
        sections[draw(st.integers(0, count - 1))].append(file)
    return sections


@given(
    layout=layouts(),
    style=st.sampled_from(["flow", "tight", "long"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    data=st.data(),
)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_add_then_remove_gives_the_file_back(
    tmp_path_factory: pytest.TempPathFactory, layout: list[list[str]], style: str, line_end: str, data: st.DataObject
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w"))
    folder = workspace.issues / "i"
    before = write_issue(folder, layout, style, line_end)
    new = workspace.root / "new.md"
    new.write_text(ITEM.format("new"), encoding="utf-8")
    section = data.draw(st.integers(1, len(layout)))
    at = data.draw(st.none() | st.integers(1, len(layout[section - 1]) + 1))
    add_items(workspace, "i", [new], section=str(section), at=at, time_zone="UTC")
    expected = [list(files) for files in layout]
    expected[section - 1].insert(len(expected[section - 1]) if at is None else at - 1, "new.md")
    assert order(folder) == expected
    added = (folder / "issue.yaml").read_bytes().decode()
    kept = [line for line in added.splitlines() if "new.md" not in line]
    assert [line for line in before.splitlines() if "items:" not in line] == [
        line for line in kept if "items:" not in line
    ]
    assert ("\r\n" in added) == (line_end == "\r\n")
    remove_item(workspace, "i", "new.md", delete_file=True)
    assert order(folder) == layout
    if layout[section - 1]:
        assert (folder / "issue.yaml").read_bytes().decode() == before


@given(layout=layouts().filter(any), style=st.sampled_from(["tight", "long"]), data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_move_changes_the_order_and_keeps_every_line(
    tmp_path_factory: pytest.TempPathFactory, layout: list[list[str]], style: str, data: st.DataObject
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w"))
    folder = workspace.issues / "i"
    before = write_issue(folder, layout, style, "\n")
    file = data.draw(st.sampled_from([file for files in layout for file in files]))
    target = data.draw(st.integers(0, len(layout) - 1))
    expected = [[one for one in files if one != file] for files in layout]
    place = data.draw(st.integers(0, len(expected[target])))
    move_item(workspace, "i", file, section=str(target + 1), at=place + 1)
    expected[target].insert(place, file)
    assert order(folder) == expected
    after = (folder / "issue.yaml").read_text(encoding="utf-8")

    def words(text: str) -> list[str]:
        return sorted(line.strip() for line in text.splitlines() if line.strip() and "items:" not in line)

    assert [word for word in words(before) if file not in word] == [word for word in words(after) if file not in word]


def test_removed_item_can_be_restored(workspace: Workspace) -> None:
    slug = "2024-02-20-nieuwsbrief-12"
    path = workspace.issues / slug / "issue.yaml"
    before = path.read_bytes()
    remove_item(workspace, slug, "2.1", delete_file=False)
    restore_item(workspace, slug, "extra-geld-voor-slachtofferhulp.md", section="Nieuws", at=1, time_zone="UTC")
    assert path.read_bytes() == before


def test_disk_that_is_full_leaves_the_issue_as_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = "2024-02-20-nieuwsbrief-12"
    path = workspace.issues / slug / "issue.yaml"
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NewsletterError, match="No space left"):
        move_item(workspace, slug, "2.1", section=None, at=2)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*"))


def test_edits_at_the_same_time_wait_for_one_another(workspace: Workspace) -> None:
    new_issue(
        workspace,
        "i",
        subject="S",
        day=date(2024, 2, 20),
        template="bulletin",
        language="nl",
        languages=("nl",),
        layouts=("lead", "news"),
    )
    files = []
    for number in range(12):
        path = workspace.root / f"item{number}.md"
        path.write_text(ITEM.format(f"Bericht {number}"), encoding="utf-8")
        files.append(path)
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(lambda path: add_items(workspace, "i", [path], section="Nieuws", at=None, time_zone="UTC"), files)
        )
    assert sorted(order(workspace.issues / "i")[1]) == sorted(path.name for path in files)


@pytest.mark.parametrize(
    ("entry", "section", "at", "message"),
    [
        ("nothing.md", None, None, "no item 'nothing.md'"),
        ("9.9", None, None, "no item '9.9'"),
        ("2.1", "Sport", None, "no section 'Sport'"),
        ("2.1", None, 99, "no position 99"),
    ],
)
def test_wrong_place_is_named_and_nothing_changes(
    workspace: Workspace, entry: str, section: str | None, at: int | None, message: str
) -> None:
    slug = "2024-02-20-nieuwsbrief-12"
    path = workspace.issues / slug / "issue.yaml"
    before = path.read_bytes()
    with pytest.raises(ContentError, match=message) as raised:
        move_item(workspace, slug, entry, section=section, at=at)
    assert raised.value.remedy
    assert path.read_bytes() == before


@pytest.mark.parametrize("slug", ["../x", "", ".", "a/b", "2024-02-21"])
def test_issue_that_does_not_exist_is_named(workspace: Workspace, slug: str) -> None:
    with pytest.raises(ContentError, match="there is no issue called"):
        remove_item(workspace, slug, "1.1", delete_file=False)


def test_list_shows_the_issue_that_cannot_be_read_with_its_problem(workspace: Workspace) -> None:
    (workspace.issues / "broken").mkdir()
    (workspace.issues / "broken/issue.yaml").write_text("subject: [", encoding="utf-8")
    readable = {one.slug: one.problem is None for one in list_issues(workspace)}
    assert [slug for slug, read in readable.items() if not read] == ["broken"]
    assert readable["2024-02-20-nieuwsbrief-12"]
