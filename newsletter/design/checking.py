"""Checks a template: its theme, every part, every layout in every language, and the issues made with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from newsletter.design.compiling import collect_logo, sample_html
from newsletter.design.samples import issue_from_the_right, sample_issue
from newsletter.dispatch import Costs, measure_costs, prepare_issue
from newsletter.errors import ContentError, Place
from newsletter.expressions import Schema
from newsletter.issues import list_issues, read_issue
from newsletter.render import Template, compile_issue, load_template
from newsletter.settings import Settings
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in order with a template.

    Args:
        parts: How many files Jinja read.
        languages: That every layout was compiled in.
        issues: What each issue of the workspace that uses the template costs, by its slug.
        missing: For each language, the words that it does not have, the program's own among them, and a place where
            each is asked for.
    """

    template: Template
    parts: int
    languages: tuple[str, ...]
    issues: Mapping[str, Costs]
    missing: Mapping[str, Mapping[str, Place]]


def check_template(workspace: Workspace, settings: Settings, definitions: Definitions, name: str) -> Checked:
    """Check a template as hard as can be done without looking at it.

    Raises:
        ContentError: A file of the logo cannot be shown.
        TemplateError: Something cannot be read, shown or told from its ground; names file, line and column.
    """
    template = load_template(workspace.templates / name)
    schema = definitions.schema()
    logo = collect_logo(workspace, template)
    languages = spoken(template)
    for language in languages:
        environment = template.environment(language)
        environment.assert_readable()
        sample_html(sample_issue(template, template.manifest.layouts, language), template, settings, schema, logo)
    sample_html(issue_from_the_right(template), in_arabic(template), settings, schema, logo)
    issues = dict(_issues(workspace, settings, definitions, template, languages))
    missing = {language: template.missing_words(language) for language in languages}
    return Checked(template, len(environment.list_templates(extensions=["j2"])), languages, issues, missing)


def spoken(template: Template) -> tuple[str, ...]:
    """Name the languages of a template, with the manners that there are words for."""
    tags = {path.stem for folder in template.folders for path in (folder / "translations").glob("*.po")}
    manners = {tag for tag in tags if tag.partition("-")[0] in template.manifest.languages}
    return tuple(sorted({*template.manifest.languages, *manners}))


def in_arabic(template: Template) -> Template:
    """Let a template speak Arabic, though it may have no words in it."""
    manifest = template.manifest.model_copy(update={"languages": (*template.manifest.languages, "ar")})
    return replace(template, manifest=manifest)


def _issues(
    workspace: Workspace, settings: Settings, definitions: Definitions, template: Template, languages: tuple[str, ...]
) -> Iterator[tuple[str, Costs]]:
    schema: Schema = definitions.schema()
    for slug in _slugs(workspace, settings, schema, template):
        prepared = prepare_issue(workspace, settings, definitions, slug, None)
        for language in languages:
            issue = replace(prepared.issue, language=language)
            compile_issue(issue, template, prepared.masthead, schema, prepared.collected, prepared.calendar)
        yield slug, measure_costs(prepared)


def _slugs(workspace: Workspace, settings: Settings, schema: Schema, template: Template) -> Iterator[str]:
    """Name the issues that use a template; one that cannot be read is not the template's fault."""
    for listed in list_issues(workspace):
        try:
            issue = read_issue(workspace, listed.slug, schema, time_zone=settings.time_zone, language=settings.language)
        except ContentError:
            continue
        if issue.template == template.name:
            yield listed.slug
