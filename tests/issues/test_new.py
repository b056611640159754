"""A new issue can be read and filled at once, whatever its template, and no slip becomes a file."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import ContentError
from newsletter.expressions import Schema
from newsletter.issues import Issue, new_issue, read_issue
from newsletter.workspace import Workspace


def make(
    workspace: Workspace,
    slug: str = "i",
    subject: str = "S",
    template: str = "bulletin",
    language: str = "nl",
    layouts: tuple[str, ...] = ("news",),
) -> Issue:
    new_issue(
        workspace,
        slug,
        subject=subject,
        day=date(2024, 2, 20),
        template=template,
        language=language,
        languages=("nl", "en"),
        layouts=layouts,
    )
    return read_issue(workspace, slug, Schema({}), time_zone="UTC", language="nl")


@pytest.mark.parametrize(
    ("language", "titles"),
    [
        ("nl-BE", [None, None, "Nieuws", "Agenda", "Publicaties", "In-het-kort"]),
        ("en", [None, None, "News", "Agenda", "Publications", "In-het-kort"]),
    ],
)
def test_sections_are_those_of_the_template_with_titles_in_the_language(
    workspace: Workspace, language: str, titles: list[str | None]
) -> None:
    layouts = ("lead", "story", "news", "agenda", "publications", "in-het-kort")
    issue = make(workspace, language=language, layouts=layouts)
    assert [section.layout for section in issue.sections] == list(layouts)
    assert [section.title for section in issue.sections] == titles


one_line = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="{"))
names = st.text(st.sampled_from("aZ-_ :#'é1"), min_size=1).filter(str.strip)


@given(subject=one_line.filter(str.strip), layouts=st.lists(names, min_size=1, unique=True), template=st.integers(0))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_is_made_reads_back_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, subject: str, layouts: list[str], template: int
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w"))
    issue = make(workspace, subject=subject, layouts=tuple(layouts), template=str(template))
    assert issue.subject == " ".join(subject.split())
    assert [section.layout for section in issue.sections] == [layout.strip() for layout in layouts]
    assert issue.template == str(template)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"subject": ""}, "the subject is empty"),
        ({"subject": " \t "}, "the subject is empty"),
        ({"subject": "a\nb"}, "line break"),
        ({"subject": "a\u2028b"}, "line break"),
        ({"subject": "a\udcffb"}, "line break"),
        ({"language": "xx-foo!"}, "'xx-foo!' is no language"),
        ({"language": "nl-foo!"}, "'nl-foo!' is no language"),
        ({"language": ""}, "'' is no language"),
        ({"language": "de"}, "no words in the language 'de'"),
        ({"template": "../bulletin"}, "no name for a template"),
        ({"slug": "a" * 300}, "a name of 300 characters is too long"),
        ({"slug": "a" * 101}, "a name of 101 characters is too long"),
    ],
)
def test_what_no_issue_can_have_is_refused_and_nothing_is_written(
    workspace: Workspace, values: dict[str, str], says: str
) -> None:
    before = sorted(workspace.issues.rglob("*"))
    with pytest.raises(ContentError) as raised:
        make(workspace, **values)
    assert says in raised.value.message
    assert raised.value.remedy
    assert sorted(workspace.issues.rglob("*")) == before


def test_longest_name_will_do(workspace: Workspace) -> None:
    assert make(workspace, slug="a" * 100).slug == "a" * 100
