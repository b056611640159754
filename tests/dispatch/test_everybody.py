"""Merging an issue for its whole audience before it is sent: what is counted, and that nobody is named."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import NOW, SLUG
from newsletter.audience import Selection
from newsletter.dispatch import PreparedIssue, make_letterhead, prepare_issue, reader_links, survey_everybody
from newsletter.dispatch.build import EXAMPLE_KEY
from newsletter.dispatch.everybody import Survey
from newsletter.message import Mailbox
from newsletter.preflight.base import AudienceReport, Severity, run
from newsletter.render import Merger, Reader
from newsletter.settings import Settings, load
from newsletter.starter import begin
from newsletter.store import Database
from newsletter.subscribers import Definitions, add, example_record, parse_address, read_definitions
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.checking import Desk
from support.example import LINKS


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    desk = Desk(workspace)
    desk.replace("issue.yaml", 'intro: ""', 'intro: "Dag {{ subscriber.first_name }}!"')
    return desk


@pytest.fixture
def settings(workspace: Workspace) -> Settings:
    return load(workspace, {})


@pytest.fixture
def prepared(desk: Desk, settings: Settings, definitions: Definitions) -> PreparedIssue:
    return prepare_issue(desk.workspace, settings, definitions, desk.slug, "leden")


@pytest.fixture
def survey(prepared: PreparedIssue, settings: Settings) -> Survey:
    return Survey(prepared.issue, Merger(prepared.compiled, make_letterhead(prepared, settings, NOW)))


def reader(definitions: Definitions, address: str = "p@example.org", **values: object) -> Reader:
    known = {**example_record(definitions).values, **values}
    return Reader(Mailbox(address), EXAMPLE_KEY, known, LINKS)  # type: ignore[arg-type]


def test_blocks_are_counted_for_each_reader(survey: Survey, definitions: Definitions) -> None:
    for region in ("Noord", "Noord", "Zuid", None):
        survey.add(reader(definitions, region=region, topics=frozenset()))
    report = survey.report()
    assert report.readers == 4
    assert [(block.number, block.title[:12], block.readers) for block in report.blocks] == [
        (6, "Jongeren pra", 0),
        (10, "Regiobijeenk", 2),
    ]


def test_missing_long_and_unsafe_values_are_counted_by_field(survey: Survey, definitions: Definitions) -> None:
    for name in ("", None, "Jan", "x" * 61, "<b>Jan</b>", "{{ 7 * 7 }}", "Jan\u202e"):
        survey.add(reader(definitions, first_name=name))
    (value,) = survey.report().values
    assert (value.value, value.missing, value.long, value.unsafe, value.longest) == (
        "subscriber.first_name",
        2,
        1,
        3,
        61,
    )


def test_an_address_that_cannot_be_written_is_counted(survey: Survey, definitions: Definitions) -> None:
    survey.add(reader(definitions, "p@" + "a" * 300 + ".example"))
    assert survey.report().unwritable == 1


def test_those_who_would_get_no_item_are_counted(desk: Desk, settings: Settings, definitions: Definitions) -> None:
    yaml = desk.folder / "issue.yaml"
    text = yaml.read_text(encoding="utf-8")
    sections = text.replace("    layout: ", "    visible_to: subscriber.region == 'Noord'\n    layout: ")
    sections = sections.replace("  - layout: lead", "  - layout: lead\n    visible_to: subscriber.region == 'Noord'")
    yaml.write_text(sections, encoding="utf-8")
    prepared = prepare_issue(desk.workspace, settings, definitions, desk.slug, "leden")
    survey = Survey(prepared.issue, Merger(prepared.compiled, make_letterhead(prepared, settings, NOW)))
    for region in ("Noord", "Zuid", "Zuid"):
        survey.add(reader(definitions, region=region))
    assert survey.report().empty == 2


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[PreparedIssue, Merger, Definitions]:
    """The example issue with a name in it, compiled once for many examples."""
    folder = tmp_path_factory.mktemp("everybody") / "workspace"
    begin(folder, {})
    workspace = Workspace(folder)
    Desk(workspace).replace("issue.yaml", 'intro: ""', 'intro: "Dag {{ subscriber.first_name }}!"')
    settings, definitions = load(workspace, {}), read_definitions(workspace)
    prepared = prepare_issue(workspace, settings, definitions, SLUG, "leden")
    return prepared, Merger(prepared.compiled, make_letterhead(prepared, settings, NOW)), definitions


@given(names=st.lists(st.text(max_size=80), min_size=1, max_size=8))
def test_the_largest_html_is_exactly_that_of_the_longest_values(
    made: tuple[PreparedIssue, Merger, Definitions], names: list[str]
) -> None:
    prepared, merger, definitions = made
    survey = Survey(prepared.issue, merger)
    sizes = []
    for name in names:
        one = reader(definitions, first_name=name)
        survey.add(one)
        merged = merger.parts(one)
        html = merged.common.html
        for placeholder, value in merged.values.items():
            html = html.replace(placeholder, value)
        sizes.append(len(html.encode("utf-8", "replace")))
    assert survey.report().largest == max(sizes)


def test_everybody_on_the_list_is_merged_for_and_nobody_is_named(
    database: Database, prepared: PreparedIssue, settings: Settings, definitions: Definitions, signer: Signer
) -> None:
    with database.writing() as connection:
        for number in range(3):
            add(connection, parse_address(f"geheim{number}@example.org"), "leden", {"last_name": "Geheim"},
                definitions, source="test", now=NOW, hashes=signer.address_hashes)  # fmt: skip
    links = reader_links(signer, settings.public_url, "leden", prepared.issue.slug)
    letterhead = make_letterhead(prepared, settings, NOW)
    report = survey_everybody(database, prepared, letterhead, Selection("leden"), definitions, links)
    assert report.readers == 3
    assert report.values[0].missing == 3
    assert "geheim" not in str(asdict(report)).lower()


AUDIENCE_CHECKS = (
    *("missing-value", "long-value", "unsafe-value", "block-reach", "unreached-block", "empty-issue"),
    *("unwritable-address", "clipped", "size"),
)


def test_every_fault_of_readers_is_reported_by_its_check(desk: Desk, survey: Survey, definitions: Definitions) -> None:
    for name in ("", "x" * 61, "<b>"):
        survey.add(reader(definitions, first_name=name, topics=frozenset()))
    survey.add(reader(definitions, "p@" + "a" * 300 + ".example"))
    found = replace(survey.report(), empty=1, largest=100_000)
    report = run(AUDIENCE_CHECKS, desk.context(audience=found), {})
    assert {one.check for one in report.reported} == set(AUDIENCE_CHECKS) - {"size"}
    assert [one.check for one in report.blocking] == ["clipped"]
    assert any("reaches 3 of 4 readers" in one.finding.message for one in report.reported)


def test_an_issue_near_the_limit_is_warned_about(desk: Desk) -> None:
    (found,) = run(["size", "clipped"], desk.context(audience=AudienceReport(1, largest=80_000)), {}).reported
    assert (found.check, found.severity) == ("size", Severity.WARNING)


def test_readers_with_every_value_give_nothing_to_warn_about(workspace: Workspace) -> None:
    context = Desk(workspace).context(audience=AudienceReport(5, largest=30_000))
    assert run(AUDIENCE_CHECKS, context, {}).reported == ()
