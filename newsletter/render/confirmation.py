"""Compiles a short mail that is no issue: something to confirm, in a few sentences and with one button.

It goes the same way as an issue, by the same theme and parts. What differs from one person to the next is a slot, so
that nothing that people write is ever part of a template.
"""

import hashlib
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Final, TypeAlias

from newsletter.errors import raise_all
from newsletter.expressions import Schema
from newsletter.media import Collected
from newsletter.render import binding, slots
from newsletter.render.compile import CompiledIssue, Variant
from newsletter.render.inline import inline, to_html
from newsletter.render.logo import with_logo
from newsletter.render.pages import Inliner
from newsletter.render.prepare import prepare
from newsletter.render.rendering import Rendering
from newsletter.render.slots import ReaderLink
from newsletter.render.templates import Manifest, Template, assemble_template
from newsletter.render.text import WIDTH
from newsletter.render.translations import Translations
from newsletter.render.views import Masthead

CONFIRMATION: Final = "confirmation"
"""The folder beside the templates in which a workspace has words or a look of its own for these mails."""
CONFIRMATION_FILE: Final = "confirmation.mjml.j2"
_SOURCE: Final = "en"
_SLOT_WIDTH: Final = 30
_FILL: Final = "\x1a"
"""Stands for a letter that is not known yet; no text can hold it."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What such a mail says. Slots may stand in all of it but the subject.

    Args:
        told: Sentences above the button.
        button: What it says; empty where there is nothing to press.
        link: Where it leads, a slot.
        copied: What stands before the link in full.
        after: Sentences below the button.
        agreed: What stands before the words that are agreed to.
        consent: These words; empty where there are none.
        contact: What stands before the address to write to.
        mailbox: This address.
        footing: Why one gets this.
    """

    subject: str
    title: str
    told: tuple[str, ...]
    after: tuple[str, ...]
    contact: str
    mailbox: str
    footing: str
    button: str = ""
    link: str = ""
    copied: str = ""
    agreed: str = ""
    consent: str = ""


Slots: TypeAlias = Callable[[str], str]
"""Gives the slot of a value that is filled in when the mail is merged, by the name that the value then has."""
Write: TypeAlias = Callable[[Translations, Slots], Wording]


def load_confirmation(folders: tuple[Path, ...]) -> Template:
    """Read the template of such mails; it speaks English and whatever the folders have words in.

    Args:
        folders: What an earlier one holds goes before what a later one holds.

    Raises:
        TemplateError: The theme cannot be read, or its colours not on one another.
    """
    spoken = {
        path.stem.partition("-")[0]
        for folder in folders
        if (folder / CONFIRMATION_FILE).is_file() or folder.name == CONFIRMATION
        for path in (folder / "translations").glob("*.po")
    }
    manifest = Manifest(name=CONFIRMATION, languages=tuple(sorted({_SOURCE, *spoken})), layouts=(CONFIRMATION,))
    return assemble_template(CONFIRMATION, folders, manifest)


def compile_confirmation(
    template: Template,
    language: str,
    masthead: Masthead,
    write: Write,
    collected: Collected,
    inliner: Inliner = inline,
) -> CompiledIssue:
    """Compile such a mail in one language, ready to be merged.

    Args:
        write: Says what the mail says.
        collected: The files of the theme's logo.
        inliner: What writes the styles into the page.

    Raises:
        ContentError: A file of the logo cannot be shown.
        TemplateError: Jinja or MJML refuses; names the file.
    """
    words = template.translations(language)
    rendering = Rendering(_nonce(template, language, masthead, write(words, lambda name: name)), Schema({}))
    binding.start(rendering)
    wording = write(words, lambda name: str(rendering.slot(ReaderLink(name))))
    html = inliner(*_page(template, language, masthead, wording, collected, rendering))
    raise_all(rendering.problems.values())
    tokens = rendering.tokens()
    return CompiledIssue(
        slug=CONFIRMATION,
        language=words.tag,
        nonce=rendering.nonce,
        subject=(wording.subject,),
        text=slots.split_plain("\n".join(_TextPart(tokens.pattern).lines(wording, masthead)) + "\n", tokens),
        decided=(),
        variants=(Variant((), slots.split_markup(html, tokens)),),
        pictures=frozenset(rendering.pictures),
    )


def _page(
    template: Template,
    language: str,
    masthead: Masthead,
    wording: Wording,
    collected: Collected,
    rendering: Rendering,
) -> tuple[str, tuple[str, ...]]:
    environment = template.environment(language)
    variables = {
        "mail": wording,
        "issue": SimpleNamespace(subject=wording.subject, preheader=wording.told[0]),
        "newsletter": masthead,
        "theme": with_logo(environment.theme, template.logos, collected),
    }
    source = environment.render_source(variables, CONFIRMATION_FILE)
    prepared = prepare(source, f"templates/{template.name}/{CONFIRMATION_FILE}", rendering.nonce)
    return to_html(prepared), prepared.css


def _nonce(template: Template, language: str, masthead: Masthead, wording: Wording) -> str:
    digest = hashlib.sha256(template.digest.encode())
    digest.update(repr((language, masthead, wording)).encode("utf-8", "replace"))
    return digest.hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class _TextPart:
    """Writes the text part.

    Args:
        slots: Matches a slot; what will be there is taken to be about as long as a moment is.
    """

    slots: re.Pattern[str]

    def lines(self, wording: Wording, masthead: Masthead) -> Iterator[str]:
        yield from self._underlined(masthead.name)
        yield from self._paragraphs(wording.title, *wording.told)
        if wording.link:
            yield from (f"{wording.button}:", f"<{wording.link}>", "")
        yield from self._paragraphs(*wording.after)
        if wording.consent:
            yield from self._paragraphs(wording.agreed, wording.consent)
        yield from self._paragraphs(f"{wording.contact} {wording.mailbox}")
        yield "-- "
        yield from self._wrapped(wording.footing)
        yield from self._wrapped(f"{masthead.organisation}, {masthead.postal_address}")

    def _underlined(self, name: str) -> Iterator[str]:
        lines = list(self._wrapped(name))
        yield from lines
        yield "=" * max(map(len, lines), default=0)
        yield ""

    def _paragraphs(self, *texts: str) -> Iterator[str]:
        for text in texts:
            yield from self._wrapped(text)
            yield ""

    def _wrapped(self, text: str) -> Iterator[str]:
        wide = self.slots.sub(lambda found: found[0].ljust(_SLOT_WIDTH, _FILL), " ".join(text.split()))
        for line in textwrap.wrap(wide, WIDTH, break_long_words=False, break_on_hyphens=False):
            yield line.replace(_FILL, "")
