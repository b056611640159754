"""The pipeline from an issue to a compiled issue, readable as its recipe."""

import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from newsletter.errors import NewsletterError, Place, Problems, TemplateError, raise_all
from newsletter.expressions import Schema
from newsletter.issues import ISSUE_FILE, Issue
from newsletter.media import Collected
from newsletter.media import Variant as ShownPicture
from newsletter.render import binding, slots
from newsletter.render.bodies import text_from_markdown
from newsletter.render.calendar_files import NO_CALENDAR, Calendar
from newsletter.render.cuts import unclean_blocks
from newsletter.render.environment import MAIN_FILE
from newsletter.render.event_markup import with_event_markup
from newsletter.render.inline import inline, to_html
from newsletter.render.logo import with_logo
from newsletter.render.pages import Inliner
from newsletter.render.prepare import prepare
from newsletter.render.rendering import Rendering
from newsletter.render.slots import BrokenToken, MisplacedSlot, Parts, Tokens
from newsletter.render.templates import Template
from newsletter.render.text import WIDTH, write_text
from newsletter.render.views import Masthead, intro_source, pictures_of, subject_source, view_issue

VARIANT_LIMIT: Final = 16


@dataclass(frozen=True, slots=True)
class Variant:
    """The HTML for those readers for whom certain conditions hold or do not hold.

    Args:
        decisions: The answer to each condition, in the order of the compiled issue's `decided`.
    """

    decisions: tuple[bool, ...]
    html: Parts


@dataclass(frozen=True)
class CompiledIssue:
    """An issue rendered once: literals, slots and blocks, ready to be merged per recipient.

    Args:
        nonce: Occurs nowhere in the issue; marks placeholders and boundaries.
        decided: The conditions that could not be cut out of the HTML, by their source.
        variants: One for each way to answer these; a single one where there are none.
        pictures: Those that it shows, each as it is shown; what was frozen does not know them any more.
    """

    slug: str
    language: str
    nonce: str
    subject: Parts
    text: Parts
    decided: tuple[slots.Condition, ...]
    variants: tuple[Variant, ...]
    pictures: frozenset[ShownPicture] = field(default=frozenset(), compare=False)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of everything a reader could be shown, in hexadecimal."""
        shown = [_digestible(self.subject), _digestible(self.text)]
        shown += [[list(variant.decisions), _digestible(variant.html)] for variant in self.variants]
        canonical = json.dumps([self.slug, self.language, shown], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def compile_issue(
    issue: Issue,
    template: Template,
    masthead: Masthead,
    schema: Schema,
    collected: Collected,
    calendar: Calendar = NO_CALENDAR,
    inliner: Inliner = inline,
) -> CompiledIssue:
    """Compile an issue into literals and slots, ready to be merged per recipient.

    Runs once per issue, language and list. Pure: equal arguments give equal parts.

    Args:
        schema: What is known of a subscriber.
        collected: The issue's pictures and documents.
        calendar: The issue's calendar files.
        inliner: What writes the styles into the page; one that remembers pages is as good.

    Raises:
        TemplateError: Jinja or MJML refuses; names file, line, column and remedy.
        ExpressionError: Something depends on the subscriber and is neither slot nor `if`.
        ContentError: A picture that is to be shown cannot be.
    """
    nonce = nonce_for(issue, template, masthead)
    work = _Compilation(issue, template, masthead, schema, collected, calendar, inliner, nonce)
    decided, pages = _decide(work, template)
    variants = tuple(Variant(answers, page.parts) for answers, page in pages.items())
    plain = work.plain(frozenset().union(*(page.bodies for page in pages.values())))
    pictures = plain.pictures.union(*(page.pictures for page in pages.values()))
    return CompiledIssue(issue.slug, issue.language, nonce, plain.subject, plain.text, decided, variants, pictures)


def _decide(
    work: "_Compilation", template: Template
) -> tuple[tuple[slots.Condition, ...], Mapping[tuple[bool, ...], "_Page"]]:
    """Find the conditions that no block can be cut for, and render a page for each way to answer them.

    A page may show conditions that another one does not have: it ends when no page has one that is not decided yet.
    """
    decided: dict[str, slots.Condition] = {}
    while True:
        if 2 ** len(decided) > VARIANT_LIMIT:
            raise _too_many_variants(decided, template)
        pages: dict[tuple[bool, ...], _Page] = {}
        fresh: dict[str, slots.Condition] = {}
        for answers in itertools.product((True, False), repeat=len(decided)):
            page = pages[answers] = work.page(dict(zip(decided, answers, strict=True)))
            fresh.update(page.unclean)
        if not fresh:
            return tuple(decided.values()), pages
        decided |= fresh


def nonce_for(issue: Issue, template: Template, masthead: Masthead) -> str:
    """Derive eight hexadecimal digits from all that goes into an issue: nobody can write one that holds its own."""
    digest = hashlib.sha256(template.digest.encode())
    digest.update(repr((issue.slug, issue.subject, issue.preheader, issue.number, issue.date)).encode())
    digest.update(repr((issue.language, issue.intro, masthead)).encode())
    for section in issue.sections:
        digest.update(repr((section.layout, section.title, str(section.visible_to))).encode())
        for entry in section.entries:
            digest.update(repr((entry.file, entry.item, str(entry.visible_to))).encode())
    return digest.hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class _Page:
    """One rendering of the HTML.

    Args:
        unclean: Conditions, by their source, whose blocks cannot be cut out of it; there are no parts then.
        bodies: The anchors of the entries whose body it shows.
    """

    parts: Parts
    unclean: Mapping[str, slots.Condition]
    bodies: frozenset[str]
    pictures: frozenset[ShownPicture]


@dataclass(frozen=True, slots=True)
class _Plain:
    """Subject and text part."""

    subject: Parts
    text: Parts
    pictures: frozenset[ShownPicture]


@dataclass(frozen=True)
class _Compilation:
    issue: Issue
    template: Template
    masthead: Masthead
    schema: Schema
    collected: Collected
    calendar: Calendar
    inliner: Inliner
    nonce: str

    def page(self, fixed: Mapping[str, bool]) -> _Page:
        """Render the HTML and split it; `fixed` decides some conditions beforehand."""
        mjml, rendering = self._mjml(fixed, tracing=False)
        try:
            html, uncuttable = self._html(mjml)
        except NewsletterError:
            traced, _ = self._mjml(fixed, tracing=True)
            raise_at_template_line(traced, self.nonce, self.template.name)
            raise
        if self.calendar.markup and not uncuttable:
            html = with_event_markup(html, self.issue, self.masthead, rendering)
        tokens = rendering.tokens()
        numbers = uncuttable or unclean_blocks(html, tokens)
        unclean = {
            condition.key: slots.Condition(condition.expression)
            for condition in (tokens.conditions[number] for number in sorted(numbers))
        }
        parts = () if unclean else self._split(html, tokens)
        return _Page(parts, unclean, frozenset(rendering.bodies), frozenset(rendering.pictures))

    def plain(self, bodies: frozenset[str]) -> _Plain:
        """Write subject and text part."""
        rendering = Rendering(self.nonce, self.schema)
        binding.start(rendering)
        view = view_issue(self.issue, rendering, self.collected, self.calendar.urls)
        translations = self.template.translations(self.issue.language)
        intro = text_from_markdown(
            intro_source(self.issue, rendering), width=WIDTH, pictures=pictures_of(self.collected, ISSUE_FILE)
        )
        text = write_text(view, intro, self.masthead, translations, rendering, bodies)
        raise_all(rendering.problems.values())
        subject = subject_source(self.issue, rendering)
        tokens = rendering.tokens()
        return _Plain(
            slots.split_plain(subject, tokens),
            slots.split_plain(text, tokens),
            frozenset(rendering.pictures),
        )

    def _html(self, mjml: str) -> tuple[str, frozenset[int]]:
        prepared = prepare(mjml, f"templates/{self.template.name}/{MAIN_FILE}", self.nonce)
        if prepared.uncuttable:
            return "", prepared.uncuttable
        return self.inliner(to_html(prepared), prepared.css, prepared.css_place), frozenset()

    def _split(self, html: str, tokens: Tokens) -> Parts:
        try:
            return slots.split_markup(html, tokens)
        except MisplacedSlot as error:
            raise TemplateError(
                f"{{{{ {_written(error.value)} }}}} stands where it cannot: {error}",
                where=error.value.place,
                remedy="Values may stand in text, in attributes, as a whole link or within one.",
            ) from error
        except BrokenToken as error:
            raise TemplateError(
                "something in the template changes a text with a reader's value in it",
                where=Place(file=f"templates/{self.template.name}/{MAIN_FILE}"),
                remedy="Use filters on the expression itself: {{ subscriber.first_name|upper }}.",
            ) from error

    def _mjml(self, fixed: Mapping[str, bool], *, tracing: bool) -> tuple[str, Rendering]:
        rendering = Rendering(self.nonce, self.schema, fixed)
        binding.start(rendering)
        view = view_issue(self.issue, rendering, self.collected, self.calendar.urls)
        environment = self.template.environment(self.issue.language, tracing=tracing)
        theme = with_logo(environment.theme, self.template.logos, self.collected)
        source = environment.render_source(
            {"issue": view, "newsletter": self.masthead, "list": _ListView(self.masthead), "theme": theme}
        )
        raise_all(rendering.problems.values())
        return slots.drop(source, self.nonce), rendering


@dataclass(frozen=True, slots=True)
class _ListView:
    masthead: Masthead

    @property
    def name(self) -> str:
        return self.masthead.list_name

    @property
    def reason(self) -> str:
        return self.masthead.list_reason


def _too_many_variants(unclean: Mapping[str, slots.Condition], template: Template) -> TemplateError:
    return TemplateError(
        f"{len(unclean)} conditions cannot be cut out of the finished HTML: {'; '.join(unclean)}",
        where=Place(file=f"templates/{template.name}/{MAIN_FILE}"),
        remedy=f"At most {VARIANT_LIMIT.bit_length() - 1} may; put the others around whole sections, around elements "
        "of a column, table rows or text.",
    )


def _written(value: slots.Value) -> str:
    return f"links.{value.name}" if isinstance(value, slots.ReaderLink) else value.source


def _digestible(parts: Parts) -> list[object]:
    return [
        part
        if isinstance(part, str)
        else [_written(part.value), part.place]
        if isinstance(part, slots.Slot)
        else [part.condition.source, part.negated, _digestible(part.parts)]
        for part in parts
    ]


_MARK = re.compile("\x1c([^\x1c\x1d]*)\x1d(\\d+)\x1e")


def raise_at_template_line(traced: str, nonce: str, template: str) -> None:
    """Prepare MJML that carries marks of its origin, so that its errors name lines of the template itself.

    Raises:
        TemplateError: Whatever is wrong, at the template's own file and line.
    """
    lines, origins = _origins(traced, Place(file=f"templates/{template}/{MAIN_FILE}", line=1))
    try:
        prepared = prepare("\n".join(lines), f"templates/{template}/{MAIN_FILE}", nonce)
        inline(to_html(prepared), prepared.css, prepared.css_place)
    except NewsletterError as error:
        for problem in error.errors if isinstance(error, Problems) else (error,):
            _relocate(problem, origins)
        raise


_Origins: TypeAlias = list[list[tuple[int, Place]]]
"""For each line, from which column on (from 0) it comes from which place."""


def _origins(traced: str, start: Place) -> tuple[list[str], _Origins]:
    """Take the marks out of a text, and tell where each stretch of each line comes from."""
    lines: list[str] = []
    origins: _Origins = []
    here = start
    for line in traced.split("\n"):
        plain, stretches, end = "", [(0, here)], 0
        for found in _MARK.finditer(line):
            plain += line[end : found.start()]
            here = Place(file=found[1], line=int(found[2]))
            stretches.append((len(plain), here))
            end = found.end()
        lines.append(plain + line[end:])
        origins.append(stretches)
    return lines, origins


def _relocate(error: NewsletterError, origins: _Origins) -> None:
    line = error.where.line
    if line is None or not 0 < line <= len(origins):
        return
    stretches = origins[line - 1]
    column = error.where.column
    before = [place for start, place in stretches if column is None or start < column]
    if before and before[-1].line is not None:
        error.where = before[-1]
