"""Runs the commands, as `newsletter` or `python -m newsletter`, and ends well whenever and however it is stopped."""

import gc
import io
import os
import sys
from typing import Final

INTERRUPTED: Final = 130
UNWRITTEN: Final = 1
OBJECTS_PER_COLLECTION: Final = 50_000
"""Loading makes hundreds of thousands of objects that stay; Python would look through all of them for garbage hundreds
of times, after every 700."""


def run() -> None:
    """Run the command that the process was called with, and end the process."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    try:
        code = _call()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)  # noqa: T201 - what prints nicely may not be loaded yet
        code = INTERRUPTED
    except OSError as error:
        from newsletter.cli.base import output_failed

        if not output_failed(error):
            raise
        _let_go_of_output()
        print(f"Error: The output cannot be written: {error.strerror}.", file=sys.stderr)  # noqa: T201
        code = UNWRITTEN
    sys.exit(code)


def _call() -> str | int | None:
    # Loaded here, so that somebody who stops it at once sees no traceback either.
    from newsletter.cli import main

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    code: str | int | None = 0
    try:
        main(prog_name="newsletter")
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    return code


def _let_go_of_output() -> None:
    """Send what is still waiting to nowhere, so that it does not fail once more at the very end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


if __name__ == "__main__":
    run()
