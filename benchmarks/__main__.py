"""Runs every benchmark, or those named: `python -m benchmarks merge`."""

import sys

from benchmarks import (
    checking,
    compiling,
    dispatching,
    everybody,
    helping,
    kills,
    ledger_path,
    merging,
    pacing,
    pictures,
    sending,
    signing,
    wire,
)

BENCHMARKS = {
    "help": helping.run,
    "compile": compiling.run,
    "check": checking.run,
    "merge": merging.run,
    "ledger": ledger_path.run,
    "limits": pacing.run,
    "pictures": pictures.run,
    "everybody": everybody.run,
    "send": sending.run,
    "sign": signing.run,
    "wire": wire.run,
    "dispatch": dispatching.run,
    "kills": kills.run,
}


def main(names: list[str]) -> None:
    """Run some benchmarks."""
    for name in names or BENCHMARKS:
        print(f"\n== {name}")
        BENCHMARKS[name]()


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if not name.startswith("--")])
