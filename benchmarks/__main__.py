"""Runs every benchmark, or those named: `python -m benchmarks merge`."""

import sys

from benchmarks import compiling, everybody, helping, merging, sending

BENCHMARKS = {
    "help": helping.run,
    "compile": compiling.run,
    "merge": merging.run,
    "everybody": everybody.run,
    "send": sending.run,
}


def main(names: list[str]) -> None:
    """Run some benchmarks."""
    for name in names or BENCHMARKS:
        print(f"\n== {name}")
        BENCHMARKS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
