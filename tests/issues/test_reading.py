"""Reading an issue finds everything that is wrong in it, each with its line and column."""

from pathlib import Path

import pytest

from newsletter.errors import ContentError, NewsletterError, Problems
from newsletter.expressions import Field, Schema, Type
from newsletter.issues import Issue, list_issues, read_issue, remove_item
from newsletter.workspace import Workspace

SCHEMA = Schema({"first_name": Field(Type.TEXT)})
REST = "date: 2024-02-20\ntemplate: bulletin\n"


def read(workspace: Workspace, text: str) -> Issue:
    folder = workspace.issues / "i"
    folder.mkdir(exist_ok=True)
    (folder / "issue.yaml").write_text(text, encoding="utf-8")
    return read_issue(workspace, "i", SCHEMA, time_zone="UTC", language="nl")


def problems(workspace: Workspace, text: str) -> list[NewsletterError]:
    with pytest.raises(NewsletterError) as raised:
        read(workspace, text)
    return list(raised.value.errors) if isinstance(raised.value, Problems) else [raised.value]


@pytest.mark.parametrize(
    "matter",
    [
        "subject: Dag {{ subscriber.^name }}\n",
        "subject: 'Dag {{ subscriber.^name }}'\n",
        'subject: "Dag\\t\\u00e9 {{ subscriber.^name }}"\n',
        "subject: >-\n  Dag\n  {{ subscriber.^name }}\n",
        "subject: S\npreheader: 'it''s {{ subscriber.^name }}'\n",
        "subject: S\nintro: |\n  Dag,\n\n    {{ subscriber.first_name }} en {{ subscriber.^name }}\n",
        "subject: S\nintro: Dag\n  {{ subscriber.^name }}\n",
        "subject: S\nintro: |\n  Dag\n  ^{% if x %}\n",
        "subject: S\nsections:\n  - layout: news\n    visible_to: 'subscriber.^name'\n",
        "subject: S\nsections:\n  - layout: news\n    visible_to: >\n      subscriber.first_name and\n      ^x\n",
    ],
)
def test_mistake_in_an_expression_is_named_with_its_column_however_the_text_is_written(
    workspace: Workspace, matter: str
) -> None:
    (problem,) = problems(workspace, matter.replace("^", "") + REST)
    before = matter[: matter.index("^")]
    assert problem.where.file == "issues/i/issue.yaml"
    assert problem.where.line == before.count("\n") + 1
    assert problem.where.column == len(before) - before.rfind("\n")


def test_all_problems_of_an_issue_are_told_together(workspace: Workspace) -> None:
    text = "subject: '{{ a }} {{ b }}'\npreheader: '{{ c'\nintro: '{{ d }}'\n" + REST
    (workspace.issues / "i").mkdir()
    (workspace.issues / "i/x.md").write_text("---\nkind: article\nurl: x\n---\n", encoding="utf-8")
    found = problems(workspace, f"{text}sections:\n  - layout: news\n    items: [x.md, y.md]\n")
    assert [(str(one.where.file).rpartition("/")[2], one.where.line) for one in found] == [
        ("issue.yaml", 1),
        ("issue.yaml", 1),
        ("issue.yaml", 2),
        ("issue.yaml", 3),
        ("x.md", 2),
        ("x.md", 3),
        ("issue.yaml", 8),
    ]


def test_issue_knows_where_its_texts_stand(workspace: Workspace) -> None:
    issue = read(workspace, "subject: 'S'\nintro: |\n  Dag\n" + REST)
    places = {field: (place.line, place.column) for field, place in issue.places.items()}
    assert places == {"subject": (1, 11), "intro": (3, 3)}


ITEM = "---\nkind: article\ntitle: T\nimage:\n  source: p.png\n  alt: ''\n---\n"
PUBLICATION = "---\nkind: publication\ntitle: T\nfile: p.pdf\ncover:\n  alt: ''\n  source: c.png\n---\n"


@pytest.mark.parametrize(
    ("item", "entry", "places"),
    [
        (ITEM, "a.md", ["issues/i/a.md:5:11, image.source"]),
        (PUBLICATION, "a.md", ["issues/i/a.md:7:11, cover.source", "issues/i/a.md:4:7, file"]),
        (
            ITEM.replace("p.png", "https://example.org/p.png"),
            "{file: a.md, image: {source: q.png, alt: ''}}",
            ["issues/i/issue.yaml:6:42, sections.1.items.1.image.source"],
        ),
    ],
)
def test_missing_file_is_named_where_it_is_asked_for(
    workspace: Workspace, item: str, entry: str, places: list[str]
) -> None:
    (workspace.issues / "i").mkdir()
    (workspace.issues / "i/a.md").write_text(item, encoding="utf-8")
    found = problems(workspace, f"subject: S\n{REST}sections:\n  - layout: news\n    items: [{entry}]\n")
    assert [str(one.where) for one in found] == places


LONG = "a" * 300


@pytest.mark.parametrize(
    ("item", "place"),
    [
        (f"kind: article\ntitle: T\nimage:\n  source: {LONG}.png\n  alt: A\n", "5:11, image.source"),
        (f"kind: publication\ntitle: T\nfile: {LONG}.pdf\n", "4:7, file"),
        ('kind: publication\ntitle: T\nfile: "a\\0b.pdf"\nurl: https://x.example/\n', "4:7, file"),
    ],
)
def test_name_that_no_file_can_have_names_none(workspace: Workspace, item: str, place: str) -> None:
    (workspace.issues / "i").mkdir()
    (workspace.issues / "i/a.md").write_text(f"---\n{item}---\n", encoding="utf-8")
    (problem,) = problems(workspace, f"subject: S\n{REST}sections:\n  - layout: news\n    items: [a.md]\n")
    assert "does not exist" in problem.message
    assert str(problem.where) == f"issues/i/a.md:{place}"
    (problem,) = problems(workspace, f"subject: S\n{REST}sections:\n  - layout: news\n    items: [{LONG}.md]\n")
    assert str(problem.where) == "issues/i/issue.yaml:6:13, sections.1.items.1"


DEEP = [
    "> " * 50 + "x",
    "- " * 30 + "x",
    "_a *b " * 25 + "x" + "*_" * 25,
    "\n".join("  " * n + "- x" for n in range(30)),
]


@pytest.mark.parametrize("text", DEEP)
def test_text_that_is_nested_without_end_is_named_with_its_line(workspace: Workspace, text: str) -> None:
    (workspace.issues / "i").mkdir()
    item = f"---\nkind: article\ntitle: T\n---\n\nEen alinea.\n\n{text}\n"
    (workspace.issues / "i/a.md").write_text(item, encoding="utf-8")
    indented = text.replace("\n", "\n  ")
    intro = f"intro: |\n  Een alinea.\n\n  {indented}\n"
    found = problems(workspace, f"subject: S\n{intro}{REST}sections:\n  - layout: news\n    items: [a.md]\n")
    line = 19 if "\n" in text else 0
    assert [(one.where.file, one.where.line) for one in found] == [
        ("issues/i/issue.yaml", 5 + line),
        ("issues/i/a.md", 8 + line),
    ]
    assert all(one.where.column and one.remedy for one in found)


@pytest.mark.parametrize("title", ['" "', '"\\u2003"', '"\\x1c"', '""'])
def test_title_of_a_section_that_says_nothing_is_none(workspace: Workspace, title: str) -> None:
    issue = read(workspace, f"subject: S\n{REST}sections:\n  - layout: news\n    title: {title}\n")
    assert issue.sections[0].title is None


def test_empty_issue_is_called_empty(workspace: Workspace) -> None:
    (problem,) = problems(workspace, "")
    assert "the file is empty" in problem.message
    assert "'subject: …'" in problem.remedy


def write_issues(workspace: Workspace, names: list[str]) -> None:
    for number, name in enumerate(names):
        folder = workspace.issues / name
        folder.mkdir(parents=True)
        text = f"subject: |\n  Een\n  onderwerp\ndate: 2024-01-{number + 1:02}\ntemplate: bulletin\n"
        (folder / "issue.yaml").write_text(text, encoding="utf-8")


def refusal(workspace: Workspace, slug: str) -> str:
    with pytest.raises(ContentError, match="there is no issue called") as raised:
        remove_item(workspace, slug, "1.1", delete_file=False)
    return raised.value.remedy


def test_few_issues_are_all_named_and_of_many_the_near_or_the_newest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_issues(workspace, [f"z{letter}" for letter in "jihgfedcba"])
    assert refusal(workspace, "q") == "There are: za, zb, zc, zd, ze, zf, zg, zh, zi, zj."
    (workspace.issues / "nieuws").mkdir()
    (workspace.issues / "nieuws/issue.yaml").write_text("subject: [", encoding="utf-8")
    assert refusal(workspace, "nieuwes").startswith("Did you mean nieuws?")
    assert refusal(workspace, "q").startswith("The newest: za, zb, zc.")


@pytest.mark.parametrize("slug", ["a" * 300, "é" * 200])
def test_name_too_long_for_any_file_is_no_issue(workspace: Workspace, slug: str) -> None:
    assert refusal(workspace, slug)


def test_subject_of_several_lines_is_one_in_the_list(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_issues(workspace, ["a"])
    assert [one.subject for one in list_issues(workspace)] == ["Een onderwerp"]


def test_item_that_an_issue_calls_otherwise_keeps_the_title_of_its_file(workspace: Workspace) -> None:
    (workspace.issues / "i").mkdir()
    for name in ("x.md", "y.md"):
        (workspace.issues / "i" / name).write_text("---\nkind: article\ntitle: T\n---\n", encoding="utf-8")
    items = "[{file: x.md, title: Anders}, y.md]"
    (section,) = read(workspace, f"subject: S\n{REST}sections:\n  - layout: news\n    items: {items}\n").sections
    renamed, plain = section.entries
    assert (renamed.item.title, renamed.own_title) == ("Anders", "T")
    assert (plain.item.title, plain.own_title) == ("T", None)
