"""The documentation says what is there: settings, commands, steps, and examples that really work."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from newsletter import plugins
from newsletter.cli import main
from newsletter.dispatch import build_issue
from newsletter.dispatch.pacing import Rules
from newsletter.dispatch.pacing.mailboxes import GROUPS
from newsletter.dispatch.states import TRANSITIONS, Reason, State
from newsletter.issues import read_issue
from newsletter.items import item_from_text
from newsletter.manuscript import read_terms
from newsletter.preflight import base
from newsletter.settings import LimitSettings, Settings, load
from newsletter.subscribers import Definitions, example_record, read_definitions
from newsletter.telemetry.journal import OTHER
from newsletter.workspace import Workspace

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def names_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from names_of(field.annotation, f"{prefix}{name}.")
        elif name != "providers":
            yield prefix + name


def test_settings_are_all_described() -> None:
    sections = read("settings.md").split("## `[providers.")
    assert first_cells(sections[0]) == list(names_of(Settings))
    described = {section.partition("]`")[0]: set(first_cells(section)) for section in sections[1:]}
    assert described == {
        name: set(plugins.load("providers", name).Settings.model_fields) for name in plugins.names("providers")
    }


def test_keys_of_a_limit_are_all_described() -> None:
    table = read("limits.md").partition("## What a limit says")[2].partition("##")[0]
    assert first_cells(table) == list(LimitSettings.model_fields)


def test_limits_in_the_documentation_can_be_read(workspace: Workspace) -> None:
    before = workspace.settings_file.read_text(encoding="utf-8")
    for text in blocks(read("limits.md"), "toml"):
        workspace.settings_file.write_text(f"{before}\n{text}", encoding="utf-8")
        assert Rules.of(load(workspace, {}), "smtp")


def test_mail_systems_in_the_documentation_are_those_of_the_table() -> None:
    table = read("limits.md").partition("## Mail systems")[2].partition("##")[0]
    assert first_cells(table) == list(dict.fromkeys(GROUPS.values()))


def commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from commands(found, f"{name} {inner}".strip())
    else:
        yield name, command


def test_commands_and_their_options_are_all_described() -> None:
    rows = dict(re.findall(r"^\| `([a-z -]+)[^`]*` \|[^|]*\|([^|]*)\|", read("commands.md"), re.MULTILINE))
    described = {name.strip(): set(re.findall(r"`(-[^`]+)`", options)) for name, options in rows.items()}
    real = {
        name: {
            option
            for one in command.params
            if isinstance(one, click.Option)
            for option in (*one.opts, *one.secondary_opts)
        }
        for name, command in commands(main)
    }
    assert described == real


def test_exit_codes_are_those_of_the_errors() -> None:
    from newsletter import errors

    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", read("commands.md"), re.MULTILINE)}
    classes = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.NewsletterError)
    ]
    assert {one.exit_code for one in classes} - {1} <= codes
    assert {errors.EXIT_UNFINISHED, errors.EXIT_INTERRUPTED} <= codes


def checks_page() -> str:
    """Write the page of checks: what stands above the table, a row for each, and what each one says of itself."""
    checks = {name: base.load(name) for name in base.names()}
    rows = [f"| [`{name}`](#{name}) | {check.severity} | {base.title(check)} |" for name, check in checks.items()]
    told = [
        f"## {name}\n\n{base.title(check)}.\n\n{(inspect.getdoc(check) or '').partition(chr(10))[2].strip()}\n"
        for name, check in checks.items()
    ]
    head = read("checks.md").partition("| check |")[0]
    return "\n".join([f"{head}| check | weight | what it finds |", "|---|---|---|", *rows, "", *told])


def test_checks_are_described_as_they_describe_themselves(request: pytest.FixtureRequest) -> None:
    page = checks_page()
    if request.config.getoption("--update-golden"):
        (DOCS / "checks.md").write_text(page, encoding="utf-8")
    assert read("checks.md") == page


def test_word_list_in_the_documentation_can_be_read(workspace: Workspace) -> None:
    (workspace.root / "terms.yaml").write_text(blocks(read("checks.md"), "yaml")[0], encoding="utf-8")
    assert [term.preferred for term in read_terms(workspace)] == ["veiligheidshuis", "Zorg- en Veiligheidshuis"]


def test_steps_of_the_ledger_are_those_of_the_table() -> None:
    text = read("ledger.md")
    steps = re.findall(r"^\| ([a-z]+) \| ([a-z]+) \| ([a-z]+) \|$", text, re.MULTILINE)
    real = {(before, step, after) for before, found in TRANSITIONS.items() for step, after in found.items()}
    assert set(steps) - {("from", "step", "to")} == real
    assert first_cells(text.partition("## States")[2].partition("\n## ")[0]) == list(State)
    assert set(re.findall(r"`([a-z]+)`", text.partition("Reasons to exclude:")[2].partition("\n\n")[0])) == set(Reason)


def test_events_of_the_log_are_all_described() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "newsletter").glob("**/*.py"))
    told = set(re.findall(r"Notice\(\s*\"([a-z.-]+)\"", sources))
    assert "dispatch.rested" in told
    assert set(first_cells(read("operations.md").partition("## Logs")[2].partition("\n## ")[0])) == {*told, OTHER}


def test_items_in_the_documentation_can_be_read() -> None:
    found = blocks(read("file-formats.md"), "markdown") + blocks(read("tutorial.md"), "markdown")
    assert [item_from_text(text, "docs", "Europe/Amsterdam").kind for text in found] == [
        "article",
        "event",
        "publication",
        "article",
        "event",
        "publication",
    ]


def test_issue_in_the_documentation_can_be_read(workspace: Workspace, definitions: Definitions) -> None:
    folder = workspace.issues / "example"
    folder.mkdir()
    text = next(text for text in blocks(read("file-formats.md"), "yaml") if "sections:" in text)
    (folder / "issue.yaml").write_text(text, encoding="utf-8")
    for name in ("douane.md", "extra-geld.md"):
        (folder / name).write_text("---\nkind: article\ntitle: Kop\n---\n", encoding="utf-8")
    issue = read_issue(workspace, "example", definitions.schema(), time_zone="UTC", language="nl")
    assert issue.sections[1].entries[0].item.title.startswith("Een andere kop")


def test_layouts_are_all_described_with_whether_they_show_the_body() -> None:
    rows = re.findall(
        r"^\| `([a-z]+)` \|[^|]*\| (shown|not shown)[^|]*\| (.*) \|$", read("file-formats.md"), re.MULTILINE
    )
    templates = [path.parent for path in sorted((ROOT / "templates").glob("*/template.toml"))]
    layouts = {
        folder.name: tomllib.loads((folder / "template.toml").read_text(encoding="utf-8"))["layouts"]
        for folder in templates
    }
    parts = {path.name.partition(".")[0]: path for path in (ROOT / "templates/shared/parts").iterdir()}
    assert {(layout, body) for layout, body, _ in rows} == {
        (layout, "shown" if "entry.html" in parts[layout].read_text(encoding="utf-8") else "not shown")
        for found in layouts.values()
        for layout in found
    }
    for layout, _, where in rows:
        having = {name for name, found in layouts.items() if layout in found}
        assert having == (set(layouts) if where == "all three" else set(where.split(", ")))
    assert all(f"`{layout}`" in read("tutorial.md") for layout, body, _ in rows if body == "shown")


def test_definitions_in_the_documentation_can_be_read(workspace: Workspace) -> None:
    for text in blocks(read("file-formats.md"), "yaml"):
        first = text.partition(":")[0]
        if first in ("lists", "attributes", "segments"):
            (workspace.subscribers / f"{first}.yaml").write_text(text, encoding="utf-8")
        if first == "columns":
            (workspace.subscribers / "imports/example.yaml").write_text(text, encoding="utf-8")
    found = read_definitions(workspace)
    assert list(found.segments) == ["noord", "trouwe-lezers"]
    assert found.imports["example"]["Tussenvoegsel"] == "infix"


@pytest.mark.parametrize(
    "condition", re.findall(r"`([^`]*subscriber\.[^`]*)`", read("file-formats.md").partition("## Conditions")[2][:1200])
)
def test_conditions_in_the_documentation_can_be_read(definitions: Definitions, condition: str) -> None:
    from newsletter.expressions import parse, parse_value

    read_it = parse_value if " or '" in condition else parse
    assert read_it(condition, definitions.schema()).source


def test_template_in_the_documentation_works(workspace: Workspace, definitions: Definitions) -> None:
    folder = workspace.templates / "plain"
    folder.mkdir()
    manifest, theme, *_ = blocks(read("templates.md"), "toml")
    (folder / "template.toml").write_text(manifest, encoding="utf-8")
    (folder / "theme.toml").write_text(theme, encoding="utf-8")
    (folder / "issue.mjml.j2").write_text(blocks(read("templates.md"), "html")[0], encoding="utf-8")
    issue = workspace.issues / "plain"
    issue.mkdir()
    (issue / "a.md").write_text("---\nkind: article\ntitle: Kop\n---\n\nTekst.\n", encoding="utf-8")
    (issue / "issue.yaml").write_text(
        "subject: x\ndate: 2024-02-20\ntemplate: plain\nsections:\n  - layout: news\n    items: [a.md]\n",
        encoding="utf-8",
    )
    built = build_issue(workspace, load(workspace, {}), definitions, "plain", None, example_record(definitions))
    assert "<p>Dag Sanne.</p>" in built.html
    assert "Afmelden" in built.html or "Unsubscribe" in built.html
    assert "<p>Tekst.</p>" in built.html


def test_settings_in_the_documentation_are_toml() -> None:
    for page in PAGES:
        for text in blocks(page.read_text(encoding="utf-8"), "toml"):
            tomllib.loads(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_package_docstring_names_every_package() -> None:
    import newsletter

    named = set(re.findall(r"^- `(\w+)`", newsletter.__doc__ or "", re.MULTILINE))
    folder = ROOT / "newsletter"
    real = {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert named == {name for name in real if not name.startswith("_")} - {"py"}
