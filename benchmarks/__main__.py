"""Runs every benchmark, or those named: `python -m benchmarks merge`."""

import sys

from benchmarks import checking, compiling, everybody, helping, merging, pacing, pictures, sending, signing

BENCHMARKS = {
    "help": helping.run,
    "compile": compiling.run,
    "check": checking.run,
    "merge": merging.run,
    "limits": pacing.run,
    "pictures": pictures.run,
    "everybody": everybody.run,
    "send": sending.run,
    "sign": signing.run,
}


def main(names: list[str]) -> None:
    """Run some benchmarks."""
    for name in names or BENCHMARKS:
        print(f"\n== {name}")
        BENCHMARKS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
