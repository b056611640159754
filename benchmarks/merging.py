"""How many messages a second are merged on one core, beside a whole Jinja render for each recipient."""

import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage

from jinja2.sandbox import ImmutableSandboxedEnvironment

from benchmarks.figures import Figure
from benchmarks.samples import LARGE, merger, prepare, readers, timed, workspace
from newsletter.dispatch import PreparedIssue
from newsletter.render import Masthead, Merger, Reader, compile_issue
from newsletter.render.slots import Block, Parts, Slot
from newsletter.subscribers import Definitions

READERS = 4000
LEAD = 5
"""So that a message has some 60 kB."""
ROUNDS = 5
RIVAL_READERS = 200


def run() -> Iterator[Figure]:
    """Measure rate, size and ratios."""
    with workspace(lead=LEAD) as made:
        prepared, settings, definitions = prepare(made, LARGE)
        merging = merger(prepared, settings)
        people = readers(READERS, definitions)
        size = len(merging.merge(people[0]))
        rates = sorted(_rate(lambda: _merge_all(merging, people)) for _ in range(ROUNDS))
        rate = rates[ROUNDS // 2]
        rendering = 1 / _time_second_render(prepared, people, encoding=False)
        encoding = 1 / _time_second_render(prepared, people, encoding=True)
        whole = 1 / _time_everything(prepared, definitions)
    what = f"{size / 1000:.0f} kB, {rates[0]:,.0f} to {rates[-1]:,.0f}/s"
    for rival, theirs in (
        ("a second Jinja render of the finished HTML, which stops with a text", rendering),
        ("the same, written by the standard library's email", encoding),
        ("Jinja, MJML, inlining and encoding for each reader", whole),
    ):
        yield Figure(what, f"{rate:,.0f}/s", f"{rival}, {theirs:,.0f}/s", rate / theirs)


def _merge_all(merging: Merger, people: list[Reader]) -> None:
    """Merge every message and let go of it, as a dispatch does."""
    for reader in people:
        merging.merge(reader)


def _rate(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return READERS / (time.perf_counter() - start)


def _time_second_render(prepared: PreparedIssue, people: list[Reader], *, encoding: bool) -> float:
    """Time the naive rival: the finished HTML as a Jinja template, rendered anew for each recipient.

    Args:
        encoding: Whether a message is written too, as merging does; otherwise the rival stops with a text.
    """
    template = ImmutableSandboxedEnvironment(autoescape=True).from_string(
        "".join(_as_jinja(prepared.compiled.variants[0].html))
    )

    def render_all() -> None:
        for reader in people[:RIVAL_READERS]:
            html = template.render(subscriber=reader.values)
            if encoding:
                _message(reader, html)

    return timed(render_all, ROUNDS) / RIVAL_READERS


def _time_everything(prepared: PreparedIssue, definitions: Definitions) -> float:
    """Time what it would take to do the whole of it for one recipient."""
    masthead = Masthead("Naam", "Organisatie", "Adres", "https://nieuwsbrief.example.org/", "Leden", "Daarom.")
    schema = definitions.schema()
    reader = readers(1, definitions)[0]

    def do_everything() -> None:
        compiled = compile_issue(prepared.issue, prepared.template, masthead, schema, prepared.collected)
        _message(reader, "".join(part for part in compiled.variants[0].html if isinstance(part, str)))

    return timed(do_everything, 2 * ROUNDS)


def _message(reader: Reader, html: str) -> bytes:
    message = EmailMessage()
    message["Subject"], message["To"] = "Nieuws", reader.mailbox.address
    message.set_content("tekst")
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def _as_jinja(parts: Parts) -> list[str]:
    written: list[str] = []
    for part in parts:
        if isinstance(part, str):
            written.append("{% raw %}" + part + "{% endraw %}")
        elif isinstance(part, Slot):
            written.append("{{ subscriber.first_name }}")
        elif isinstance(part, Block):
            written += ["{% if subscriber.region == 'Noord' %}", *_as_jinja(part.parts), "{% endif %}"]
    return written
