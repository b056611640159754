"""Where the words of an issue stand, which of them are prose, and how they are changed without harm."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SLUG
from newsletter.errors import ContentError
from newsletter.issues import read_issue
from newsletter.manuscript import Fix, Manuscript, Role, mend, read_manuscript, read_terms
from newsletter.manuscript.masking import HIDDEN, masked
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace

FILE = Path("item.md")


def manuscript(workspace: Workspace, definitions: Definitions) -> Manuscript:
    issue = read_issue(workspace, SLUG, definitions.schema(), time_zone="Europe/Amsterdam", language="nl")
    return read_manuscript(workspace, issue)


def test_every_text_is_found_where_it_stands(workspace: Workspace, definitions: Definitions) -> None:
    passages = manuscript(workspace, definitions).passages
    assert {passage.role for passage in passages} == set(Role) - {Role.INTRO}
    for passage in passages:
        raw = passage.sheet.text[passage.start : passage.end]
        assert raw.split() == passage.text.split()
        word = passage.text.split()[0]
        found = next(passage.find(re.compile(re.escape(word))))
        assert found.place.line is not None
        assert found.place.column is not None
        line = passage.sheet.text.splitlines()[found.place.line - 1]
        assert line[found.place.column - 1 :].startswith(word)


def test_title_and_lead_of_the_issue_go_before_those_of_the_item(
    workspace: Workspace, definitions: Definitions
) -> None:
    path = workspace.issues / SLUG / "issue.yaml"
    text = path.read_text(encoding="utf-8")
    entry = "      - file: overdracht-met-een-formulier.md\n        title: 'Eigen kop'\n"
    path.write_text(text.replace("      - overdracht-met-een-formulier.md\n", entry), encoding="utf-8")
    titles = [one for one in manuscript(workspace, definitions).of(Role.TITLE) if one.text == "Eigen kop"]
    assert [(one.sheet.name, one.block) for one in titles] == [(f"issues/{SLUG}/issue.yaml", "Eigen kop")]


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Zie [de site](https://example.org/a b).", "Zie [de site]"),
        ("Zie [de site](https://example.org/a_(b)) nu", "Zie [de site] nu"),
        ("Een `stuk code` hier", "Een  hier"),
        ("Aan <mailto:a@example.org> of a@example.org", "Aan  of "),
        ("Dag {{ subscriber.first_name }}!", "Dag !"),
        ("Voor\n```\ncode\n```\nna", "Voor\n\n\n\nna"),
        ("[a]: https://example.org/ 'x'\nna", "\nna"),
    ],
)
def test_what_is_no_prose_is_hidden(text: str, prose: str) -> None:
    found = masked(text, markdown=True)
    assert len(found) == len(text)
    assert found.replace(HIDDEN, "").startswith(prose.rstrip(")").rstrip("."))


@given(st.text(st.sampled_from("ab `[](){}<>\n~:/\\@.!"), max_size=80), st.booleans())
def test_hiding_moves_nothing(text: str, markdown: bool) -> None:
    found = masked(text, markdown=markdown)
    assert len(found) == len(text)
    assert all(new in (old, HIDDEN) for old, new in zip(text, found, strict=True))
    assert found.count("\n") == text.count("\n")


def item(title: str, body: str) -> str:
    return f"---\nkind: article\ntitle: {title}\nlead: &x y\n---\n{body}\n"


def fix(text: str, old: str, new: str, *key: str) -> Fix:
    return Fix("item.md", FILE, text.index(old), old, new, key)


def test_words_are_changed_and_nothing_else() -> None:
    text = item("Eén  twee  # drie", "twee")
    first = text.index("twee")
    changes = [
        fix(text, "Eén", "1", "title"),
        fix(text, "twee", "2", "title"),
        Fix("item.md", FILE, text.rindex("twee"), "twee", "3"),
    ]
    assert first < text.rindex("twee")
    assert mend(text, changes) == item("1  2  # drie", "3")


@pytest.mark.parametrize("new", ["a: b", "a #", "[a", "'a", "&b", "\nkind: event", "- x"])
def test_change_that_means_something_else_to_yaml_is_refused(new: str) -> None:
    text = item("Kop", "")
    with pytest.raises(ContentError, match="cannot be changed safely"):
        mend(text, [fix(text, "Kop", new, "title")])


def test_change_of_another_key_is_refused() -> None:
    text = "---\nkind: article\ntitle: &x Kop\nlead: *x\n---\n"
    with pytest.raises(ContentError, match="cannot be changed safely"):
        mend(text, [fix(text, "Kop", "Staart", "title")])


def test_file_that_was_changed_meanwhile_is_left_alone() -> None:
    text = item("Kop", "")
    with pytest.raises(ContentError, match="changed meanwhile"):
        mend(f" {text}", [fix(text, "Kop", "Staart", "title")])


def test_of_changes_that_overlap_one_is_made() -> None:
    text = item("Een twee drie", "")
    found = mend(text, [fix(text, "Een twee", "1", "title"), fix(text, "twee drie", "2", "title")])
    assert found == item("1 drie", "")


words = st.text(st.sampled_from("abcé 'x"), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(words, min_size=1, max_size=4), words, st.sampled_from(["plain", "double", "folded", "body"]))
def test_change_of_a_word_is_made_as_meant_or_refused(before: list[str], new: str, style: str) -> None:
    sentence = " ".join([*before, "Woord", *before])
    written = {"plain": f"k {sentence}", "double": f'"{sentence}"', "folded": f">-\n  {sentence}", "body": "Kop"}[style]
    text = item(written, sentence if style == "body" else "")
    key = () if style == "body" else ("title",)
    try:
        after = mend(text, [fix(text, "Woord", new, *key)])
    except ContentError:
        return
    assert after == text.replace("Woord", new)


def test_terms_of_a_workspace_are_read(workspace: Workspace) -> None:
    path = workspace.root / "terms.yaml"
    path.unlink()
    assert read_terms(workspace) == ()
    path.write_text("terms:\n  - term: Douane\n    avoid: [douane, de Duane]\n", encoding="utf-8")
    (term,) = read_terms(workspace)
    assert term.pattern.findall("douane Douane De  duane douanepost sub-douane") == ["douane", "De  duane"]
    path.write_text("terms:\n  - term: Douane\n    avoid: []\n", encoding="utf-8")
    with pytest.raises(ContentError, match="no form to avoid") as raised:
        read_terms(workspace)
    assert str(raised.value.where).startswith("terms.yaml:3:")
