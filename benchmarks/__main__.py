"""Runs every benchmark but the long ones, or those named: `python -m benchmarks merge`.

With `--write FILE` their figures become a page too.
"""

import argparse
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import (
    checking,
    compiling,
    dispatching,
    document,
    everybody,
    feedback,
    helping,
    importing,
    kills,
    leaving,
    ledger_path,
    machine,
    merging,
    pacing,
    pictures,
    segments,
    sending,
    signing,
    webhooks,
    wire,
    workers,
)
from benchmarks.figures import Figure, missing

Run = Callable[[], Iterator[Figure]]

BENCHMARKS: Final[Mapping[str, Run]] = {
    "help": helping.run,
    "compile": compiling.run,
    "check": checking.run,
    "merge": merging.run,
    "import": importing.run,
    "everybody": everybody.run,
    "pictures": pictures.run,
    "sign": signing.run,
    "limits": pacing.run,
    "send": sending.run,
    "ledger": ledger_path.run,
    "wire": wire.run,
    "dispatch": dispatching.run,
    "workers": workers.run,
    "webhooks": webhooks.run,
    "feedback": feedback.run,
    "leave": leaving.run,
}
LONG: Final[Mapping[str, Run]] = {
    "kills": kills.run,
    "sweep": kills.sweep,
    "segments": segments.run,
    "import-million": importing.run_many,
}
"""What runs only where it is named, for it takes many minutes."""


def main(arguments: Sequence[str]) -> int:
    """Run some benchmarks, and tell by an exit code whether each came to its end."""
    known = {**BENCHMARKS, **LONG}
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures what this machine does.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the figures into a page too")
    asked = parser.parse_args(arguments)
    if unknown := sorted({*asked.names} - {*known}):
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    moment, commit = datetime.now(UTC), machine.commit()
    sections = [_measure(name, known[name]) for name in asked.names or BENCHMARKS]
    print(f"\nin all {document.lasting(sum(section.seconds for section in sections))}")
    if asked.write:
        command = "make bench" if not asked.names else f"python -m benchmarks {' '.join(asked.names)}"
        document.write(asked.write, document.page(command, moment, commit, machine.describe(), sections))
    return int(any(section.broken for section in sections))


def _measure(name: str, run: Run) -> document.Section:
    """Run one, and print its figures while they come; what is left of the others shall not be lost by its end."""
    print(f"\n== {name}", flush=True)
    figures, broken, start = [], False, time.perf_counter()
    try:
        for figure in run():
            figures.append(figure)
            print(figure.line(), flush=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on, and the exit code tells
        broken = True
        figures.append(missing("the rest", f"it ended with {type(error).__name__}"))
        print("  ended with", *traceback.format_exception_only(error), sep="\n  ", file=sys.stderr)
    seconds = time.perf_counter() - start
    print(f"  in {document.lasting(seconds)}")
    return document.Section(name, _question(run), figures, seconds, broken=broken)


def _question(run: Run) -> str:
    """Give what the module of a benchmark says that it measures: all that its first paragraph says."""
    told = inspect.getdoc(inspect.getmodule(run)) or ""
    return " ".join(told.partition("\n\n")[0].split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
