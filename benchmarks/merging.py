"""How many messages a second are merged on one core, beside a whole Jinja render for each recipient."""

import time
from email.message import EmailMessage

from benchmarks.samples import LARGE, merger, prepare, readers, timed, workspace
from newsletter.render import Masthead, compile_issue


def run() -> None:
    """Print rate, size and ratio."""
    with workspace(items=20, lead=7) as made:
        prepared, settings, definitions = prepare(made, LARGE)
        merging = merger(prepared, settings)
        people = readers(4000, definitions)
        size = len(merging.merge(people[0]))
        rates = sorted(_rate(lambda: [merging.merge(reader) for reader in people], len(people)) for _ in range(5))
        masthead = Masthead("Naam", "Organisatie", "Adres", "https://nieuwsbrief.example.org/", "Leden", "Daarom.")
        schema = definitions.schema()

        def full_render() -> bytes:
            """Do what the naive rival does for each recipient: render, transform, inline and encode anew."""
            compiled = compile_issue(prepared.issue, prepared.template, masthead, schema, prepared.media)
            message = EmailMessage()
            message.set_content("".join(part for part in compiled.text if isinstance(part, str)))
            message.add_alternative(
                "".join(part for part in compiled.variants[0].html if isinstance(part, str)), subtype="html"
            )
            return message.as_bytes()

        full = timed(full_render, 10)
        jinja = _jinja_only(made)
    print(
        f"merge, {size / 1000:.0f} kB a message: {rates[2]:,.0f} messages/s on one core (of 5: {rates[0]:,.0f} to {rates[-1]:,.0f})"
    )
    print(
        f"second full Jinja render for each recipient, of finished HTML: {1 / jinja:,.0f}/s; merging is {rates[2] * jinja:,.0f} times as fast"
    )
    print(
        f"render, MJML, inlining and encoding for each recipient: {1 / full:,.0f}/s; merging is {rates[2] * full:,.0f} times as fast"
    )


def _rate(work: object, count: int) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return count / (time.perf_counter() - start)


def _jinja_only(made: object) -> float:
    """Time a Jinja render of the finished HTML with its values, and encoding by the standard library."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from newsletter.render.slots import Block, Slot

    prepared, _, definitions = prepare(made, LARGE)  # type: ignore[arg-type]
    written: list[str] = []

    def write(parts: object) -> None:
        for part in parts:  # type: ignore[attr-defined]
            if isinstance(part, str):
                written.append("{% raw %}" + part + "{% endraw %}")
            elif isinstance(part, Slot):
                written.append("{{ subscriber.first_name }}")
            elif isinstance(part, Block):
                written.append("{% if subscriber.region == 'Noord' %}")
                write(part.parts)
                written.append("{% endif %}")

    write(prepared.compiled.variants[0].html)
    template = ImmutableSandboxedEnvironment(autoescape=True).from_string("".join(written))
    people = readers(50, definitions)

    def render_all() -> None:
        for reader in people:
            message = EmailMessage()
            message["Subject"], message["To"] = "Nieuws", reader.mailbox.address
            message.set_content("tekst")
            message.add_alternative(template.render(subscriber=reader.values), subtype="html")
            message.as_bytes()

    return timed(render_all, 5) / len(people)
