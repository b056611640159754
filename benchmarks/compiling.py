"""How long compiling an issue of 20 items takes once the program is warm."""

from benchmarks.samples import LARGE, prepare, timed, workspace
from newsletter.render import Masthead, compile_issue


def run() -> None:
    """Print the time to compile, and to read and compile."""
    with workspace() as made:
        prepared, _, definitions = prepare(made, LARGE)
        masthead = Masthead("Naam", "Organisatie", "Adres", "https://nieuwsbrief.example.org/", "Leden", "Daarom.")
        schema = definitions.schema()
        compiling = timed(
            lambda: compile_issue(prepared.issue, prepared.template, masthead, schema, prepared.collected), 30
        )
        reading = timed(lambda: prepare(made, LARGE), 10)
    print(f"compile, 20 items, warm: {compiling * 1000:.1f} ms")
    print(f"read settings, lists, issue and template, and compile: {reading * 1000:.1f} ms")
