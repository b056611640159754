"""How long compiling an issue of 20 items takes once the program is warm."""

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.samples import LARGE, prepare, timed, workspace
from newsletter.render import Masthead, compile_issue


def run() -> Iterator[Figure]:
    """Measure the time to compile, and to read and compile."""
    with workspace() as made:
        prepared, _, definitions = prepare(made, LARGE)
        masthead = Masthead("Naam", "Organisatie", "Adres", "https://nieuwsbrief.example.org/", "Leden", "Daarom.")
        schema = definitions.schema()
        compiling = timed(
            lambda: compile_issue(prepared.issue, prepared.template, masthead, schema, prepared.collected), 30
        )
        reading = timed(lambda: prepare(made, LARGE), 10)
    yield Figure("compile", f"{compiling * 1000:.0f} ms")
    yield Figure("read settings, lists, issue and template, and compile", f"{reading * 1000:.0f} ms")
