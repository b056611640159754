"""Files come into an issue all together or not at all, none of them twice, and only where they can be shown."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.documents import parse_yaml
from newsletter.errors import ContentError, NewsletterError, Problems
from newsletter.issues import Position, add_items, move_item, remove_item, restore_item
from newsletter.workspace import Workspace

ARTICLE = "---\nkind: article\ntitle: T\n---\n"
EVENT = "---\nkind: event\ntitle: T\nstart: 2024-03-07\n---\n"
PICTURE = "---\nkind: article\ntitle: T\nimage:\n  alt: ''\n  source: 'p.png'\n---\n"
KINDS = {"agenda": ("event",), "news": ("article", "publication")}
HEAD = "subject: S\ndate: 2024-02-20\ntemplate: bulletin\nsections:\n"


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    folder = workspace.issues / "i"
    folder.mkdir()
    (folder / "a.md").write_text(ARTICLE, encoding="utf-8")
    (folder / "e.md").write_text(EVENT, encoding="utf-8")
    (folder / "issue.yaml").write_text(
        f"{HEAD}  - layout: news\n    items: [a.md]\n  - layout: agenda\n    items: [e.md]\n", encoding="utf-8"
    )
    return folder


Add = Callable[..., tuple[Position, ...]]


@pytest.fixture
def add(workspace: Workspace, tmp_path: Path) -> Add:
    """Write files of these names and texts beside the workspace, and add them."""

    def add(files: dict[str, str], section: str | None = None, at: int | None = None) -> tuple[Position, ...]:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        sources = [tmp_path / name for name in files]
        return add_items(workspace, "i", sources, section=section, at=at, time_zone="UTC", kinds=KINDS)

    return add


def entries(folder: Path) -> list[list[str]]:
    data = parse_yaml((folder / "issue.yaml").read_text(encoding="utf-8"), "issue.yaml").data
    return [section["items"] for section in data["sections"]]


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_several_files_keep_their_order_and_each_finds_its_section(add: Add, folder: Path) -> None:
    positions = add({"x.md": ARTICLE, "y.md": EVENT, "z.md": ARTICLE + "z"}, at=1)
    assert [str(position) for position in positions[:1]] == ["1.1"]
    assert entries(folder) == [["x.md", "a.md", "z.md"], ["e.md", "y.md"]]


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        ({"x.md": ARTICLE, "y.md": "no item"}, 1),
        ({"x.md": "no item", "y.md": ARTICLE, "z.md": "---\nkind: sport\n---\n"}, 2),
        ({"x.md": ARTICLE, "y.md": PICTURE}, 1),
    ],
)
def test_one_file_that_will_not_do_keeps_all_out(add: Add, folder: Path, files: dict[str, str], problems: int) -> None:
    before = state(folder)
    with pytest.raises(NewsletterError) as raised:
        add(files)
    assert len(raised.value.errors if isinstance(raised.value, Problems) else [raised.value]) == problems
    assert state(folder) == before


def test_the_very_same_file_is_refused_and_told_where_it_stands(add: Add, folder: Path) -> None:
    add({"x.md": ARTICLE})
    add({"x.md": ARTICLE + "Another."})
    before = state(folder)
    for text, name in ((ARTICLE, "x.md is 1.2"), (ARTICLE + "Another.", "x-2.md is 1.3")):
        with pytest.raises(ContentError, match="the very same file stands in the issue already") as raised:
            add({"x.md": text})
        assert f"{name} (news)" in raised.value.message
        assert "newsletter issue move i x" in raised.value.remedy
    assert state(folder) == before


def test_file_that_was_taken_out_comes_back_without_a_copy(add: Add, workspace: Workspace, folder: Path) -> None:
    add({"x.md": ARTICLE})
    before = state(folder)
    remove_item(workspace, "i", "x.md", delete_file=False)
    add({"x.md": ARTICLE})
    assert state(folder) == before


def test_file_named_twice_is_refused(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(ARTICLE, encoding="utf-8")
    before = state(folder)
    with pytest.raises(ContentError, match="named twice"):
        add_items(workspace, "i", [tmp_path / "x.md"] * 2, section=None, at=None, time_zone="UTC")
    assert state(folder) == before


def test_missing_picture_is_named_where_the_item_asks_for_it(add: Add, folder: Path, tmp_path: Path) -> None:
    before = state(folder)
    with pytest.raises(ContentError) as raised:
        add({"x.md": PICTURE})
    assert state(folder) == before
    assert str(raised.value.where) == f"{tmp_path}/x.md:6:11, image.source"


def test_other_picture_of_that_name_is_told_where_the_item_asks_for_it(add: Add, folder: Path, tmp_path: Path) -> None:
    (folder / "p.png").write_bytes(b"one")
    (tmp_path / "p.png").write_bytes(b"other")
    with pytest.raises(ContentError, match=r"x\.md:6:11, image\.source: the issue has another file"):
        add({"x.md": PICTURE})


def test_item_that_a_layout_cannot_show_is_refused_at_every_edit(add: Add, workspace: Workspace, folder: Path) -> None:
    (folder / "out.md").write_text(ARTICLE, encoding="utf-8")
    before = state(folder)
    edits: list[Callable[[], object]] = [
        lambda: add({"x.md": ARTICLE}, section="agenda"),
        lambda: move_item(workspace, "i", "a.md", section="2", at=None, kinds=KINDS),
        lambda: restore_item(workspace, "i", "out.md", section="agenda", at=None, time_zone="UTC", kinds=KINDS),
    ]
    for edit in edits:
        with pytest.raises(ContentError) as raised:
            edit()
        assert str(raised.value).startswith("issues/i/issue.yaml:7:13, sections.2.layout: the layout 'agenda' cannot")
        assert "Choose a section that can: 1 news." in raised.value.remedy
        assert state(folder) == before


def test_entry_whose_file_is_broken_can_still_be_moved(workspace: Workspace, folder: Path) -> None:
    (folder / "a.md").write_text("broken", encoding="utf-8")
    move_item(workspace, "i", "a.md", section="2", at=1, kinds=KINDS)
    assert entries(folder) == [[], ["a.md", "e.md"]]


@pytest.mark.parametrize(
    ("sections", "kinds", "number"),
    [
        ("  - layout: sport\n  - layout: agenda\n", KINDS, 1),
        ("  - layout: agenda\n  - layout: sport\n", KINDS, 2),
        ("  - layout: agenda\n  - layout: lead\n  - layout: story\n", KINDS, 3),
        ("  - layout: story\n  - layout: news\n", {"news": ("event",)}, 1),
    ],
)
def test_item_goes_to_the_first_section_that_can_show_it(
    workspace: Workspace,
    folder: Path,
    tmp_path: Path,
    sections: str,
    kinds: dict[str, tuple[str, ...]],
    number: int,
) -> None:
    (folder / "issue.yaml").write_text(HEAD + sections, encoding="utf-8")
    (tmp_path / "x.md").write_text(ARTICLE, encoding="utf-8")
    (position,) = add_items(workspace, "i", [tmp_path / "x.md"], section=None, at=None, time_zone="UTC", kinds=kinds)
    assert position.section == number


def test_item_that_no_section_can_show_is_refused(add: Add, folder: Path) -> None:
    (folder / "issue.yaml").write_text(f"{HEAD}  - layout: agenda\n", encoding="utf-8")
    with pytest.raises(ContentError, match="no section of this issue can show an item of the kind article") as raised:
        add({"x.md": ARTICLE})
    assert "such as news" in raised.value.remedy
