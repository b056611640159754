"""The page around the message: what can be chosen, and what is to be said about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter.cli.preview.appearance import Scheme
from newsletter.cli.preview.choice import EVERYBODY, WIDTHS, Choice, View
from newsletter.cli.preview.inbox import inbox_lines
from newsletter.cli.preview.readers import ShownReader
from newsletter.cli.preview.simulate import Simulation, simulate
from newsletter.cli.preview.words import WORDS
from newsletter.compatibility import Client, clients, edition
from newsletter.dispatch import CLIPPED_AT, Built, describe
from newsletter.errors import NewsletterError, Problems
from newsletter.settings import Settings
from newsletter.subscribers import Definitions


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show: an issue built for a reader, or what is wrong with it.

    Args:
        state: Of the files that it was built from.
    """

    state: str
    built: Built | None = None
    reader: ShownReader | None = None
    settings: Settings | None = None
    definitions: Definitions | None = None
    error: NewsletterError | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A window that the message is shown in."""

    query: str
    width: int
    scheme: str


def render_page(slug: str, language: str, choice: Choice, usual: Choice, shown: Shown) -> str:
    """Write the page."""
    return _TEMPLATE.get_template("page.html.j2").render(
        slug=slug,
        language=language,
        words=WORDS[language],
        number=lambda count: f"{count:,}".replace(",", "." if language == "nl" else ","),
        choice=choice,
        query=choice.query(usual),
        with_choice=lambda **changes: replace(choice, **changes).query(usual),
        widths=WIDTHS,
        width_options=[*((width, width) for width in WIDTHS), ("free", WORDS[language]["free"])],
        client_groups=_client_groups(),
        client=clients().get(choice.client),
        edition=edition(),
        groups=_groups(language, shown),
        lists=_lists(shown),
        state=shown.state,
        problems=[_problem(one) for one in _each(shown.error)],
        frames=frames(choice, usual),
        **_about(shown, choice),
    )


def frames(choice: Choice, usual: Choice) -> Sequence[Frame]:
    """Say in which windows the message is shown: one as chosen, or a desktop beside a dark telephone."""
    if choice.view is View.BOTH:
        pairs = ((640, Scheme.LIGHT), (375, Scheme.DARK))
        chosen = [replace(choice, view=View.MESSAGE, width=width, scheme=scheme) for width, scheme in pairs]
    else:
        chosen = [choice]
    return [Frame(one.query(usual), one.width, one.scheme) for one in chosen]


def _about(shown: Shown, choice: Choice) -> Mapping[str, Any]:
    built, reader, settings = shown.built, shown.reader, shown.settings
    if built is None or reader is None or settings is None:
        return {"built": None}
    simulation = simulate(built.html, choice.client) if choice.client else Simulation(built.html, (), ())
    sender = settings.sender.name or settings.name
    counts = describe(built)
    return {
        "built": built,
        "reader": reader,
        "inboxes": inbox_lines(sender, built.subject, built.html),
        "counts": counts,
        "block_rows": [(one["shown_if"], one["literal_bytes"]) for one in counts["blocks"] if one["part"] == "html"],
        "picture_rows": [(one["file"], one["bytes"]) for one in counts["pictures"]],
        "html_bytes": len(built.html.encode()),
        "clipped_at": CLIPPED_AT,
        "simulation": simulation,
    }


def _client_groups() -> Iterator[tuple[str, list[Client]]]:
    known = sorted(clients().values(), key=lambda one: (one.family.casefold(), one.title.casefold()))
    for family, members in groupby(known, key=lambda one: one.family):
        yield family, list(members)


def _groups(language: str, shown: Shown) -> list[tuple[str, str]]:
    words = WORDS[language]
    segments = shown.definitions.segments if shown.definitions else {}
    named = [(name, str(one.name)) for name, one in segments.items()]
    return [("", words["no_group"]), (EVERYBODY, words["everybody"]), *named]


def _lists(shown: Shown) -> list[tuple[str, str]]:
    return [(name, str(one.name)) for name, one in shown.definitions.lists.items()] if shown.definitions else []


def _each(error: NewsletterError | None) -> tuple[NewsletterError, ...]:
    if error is None:
        return ()
    return error.errors if isinstance(error, Problems) else (error,)


def _problem(error: NewsletterError) -> Mapping[str, str]:
    return {"place": str(error.where), "message": error.message, "remedy": error.remedy}


_TEMPLATE: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
