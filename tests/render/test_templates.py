"""Templates: their mistakes are named with file and line, and they cannot reach out of their sandbox."""

from collections.abc import Callable

import pytest

from conftest import SLUG
from newsletter.dispatch import prepare_issue
from newsletter.errors import ContentError, NewsletterError, TemplateError
from newsletter.settings import load
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace

Compile = Callable[[], None]


@pytest.fixture
def compile_it(workspace: Workspace, definitions: Definitions) -> Compile:
    return lambda: (prepare_issue(workspace, load(workspace, {}), definitions, SLUG, "leden"), None)[1]


def change(workspace: Workspace, file: str, old: str, new: str) -> int:
    """Change a file of a template and give the line of the change."""
    path = workspace.templates / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("bulletin/issue.mjml.j2", "{% endfor %}", "{% endfo %}", "endfo"),
        ("shared/parts/words.mjml.j2", "{{ item.title }}{% if", "{{ item.titel }}{% if", "titel"),
        ("shared/parts/news.mjml.j2", "{{ item.lead }}", "{{ item.lead | shout }}", "shout"),
        ("shared/parts/footer.mjml.j2", "<mj-section", "<mj-sektion", "mj-sektion"),
        ("shared/parts/footer.mjml.j2", 'css-class="side"', 'css-klass="side"', "css-klass"),
        ("shared/parts/footer.mjml.j2", "</mj-text>", "</mj-table>", "mj-text"),
        ("shared/parts/header.mjml.j2", "{{ newsletter.name }}", "{{ subscriber.frist_name }}", "first_name"),
        ("shared/parts/header.mjml.j2", "{{ newsletter.name }}", "{{ subscriber.first_name | tojson }}", "tojson"),
        ("shared/parts/header.mjml.j2", "{{ newsletter.name }}", "{{ ''.__class__.__mro__ }}", "__class__"),
        ("shared/parts/header.mjml.j2", "{{ newsletter.name }}", "{{ 'x' * 1000000000 }}", "a product"),
    ],
)
def test_mistake_is_named_with_its_file_and_line(
    workspace: Workspace, compile_it: Compile, file: str, old: str, new: str, message: str
) -> None:
    line = change(workspace, file, old, new)
    with pytest.raises(NewsletterError) as raised:
        compile_it()
    text = str(raised.value)
    assert message in text
    assert f"templates/{file}:{line}" in text


@pytest.mark.parametrize(
    "code",
    [
        "{% set x = subscriber.first_name %}",
        "{% for x in subscriber.topics %}{{ x }}{% endfor %}",
        "{{ issue.sections[subscriber.first_name] }}",
        "{% include subscriber.first_name %}",
        "{{ subscriber }}",
        "{{ subscriber.first_name * 3 }}",
    ],
)
def test_what_cannot_be_bound_once_for_each_reader_is_refused(
    workspace: Workspace, compile_it: Compile, code: str
) -> None:
    line = change(workspace, "shared/parts/header.mjml.j2", "<h1>", f"{code}<h1>")
    with pytest.raises(NewsletterError) as raised:
        compile_it()
    assert f"templates/shared/parts/header.mjml.j2:{line}" in str(raised.value)
    assert raised.value.remedy or "\n" in str(raised.value)


def test_template_cannot_read_files_past_its_folder(workspace: Workspace, compile_it: Compile) -> None:
    (workspace.templates / "secret.txt").write_text("secret")
    change(workspace, "bulletin/issue.mjml.j2", "parts/header.mjml.j2", "../secret.txt")
    with pytest.raises(TemplateError, match="does not exist"):
        compile_it()


def test_language_that_the_template_does_not_speak(workspace: Workspace, compile_it: Compile) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    issue.write_text(issue.read_text(encoding="utf-8").replace("language: nl", "language: fy"), encoding="utf-8")
    with pytest.raises(TemplateError, match="no words in the language 'fy'") as raised:
        compile_it()
    assert "nl, en" in raised.value.remedy


def test_layout_that_the_template_does_not_have_is_named_with_its_line(
    workspace: Workspace, compile_it: Compile
) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    text = issue.read_text(encoding="utf-8")
    line = text[: text.index("layout: news")].count("\n") + 1
    issue.write_text(text.replace("layout: news", "layout: nws"), encoding="utf-8")
    with pytest.raises(ContentError, match="no layout 'nws'") as raised:
        compile_it()
    assert raised.value.where.line == line


def test_item_that_a_layout_cannot_show_is_named_with_its_line(workspace: Workspace, compile_it: Compile) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    text = issue.read_text(encoding="utf-8").replace("layout: news", "layout: agenda")
    line = text[: text.index("- extra-geld")].count("\n") + 1
    issue.write_text(text, encoding="utf-8")
    with pytest.raises(NewsletterError) as raised:
        compile_it()
    assert f"issue.yaml:{line}:" in str(raised.value)
    assert "the layout 'agenda' cannot show an item of the kind article" in str(raised.value)


@pytest.mark.parametrize("layout", ["lead", "news", "story"])
def test_layouts_that_name_no_kind_show_every_kind(workspace: Workspace, compile_it: Compile, layout: str) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    text = issue.read_text(encoding="utf-8")
    for other in ("lead", "news", "agenda", "publications"):
        text = text.replace(f"layout: {other}", f"layout: {layout}")
    issue.write_text(text, encoding="utf-8")
    compile_it()
