"""A whole dispatch by SMTP, with its ledger and a row for everybody, beside Postfix's own load generator.

Freezing is not measured; everything from the first claim to the last row written is. All take turns within one run, so
that their ratios hold whatever else the machine does.
"""

import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.ledger_path import DATABASES, LEAD, Bench, opened
from benchmarks.receiving import program, sink
from benchmarks.wire import CONNECTIONS, Contest, signing_key, smtp_source

COUNT: Final = 4_000


def run() -> None:
    """Print messages per second and CPU per message on each database, unsigned and signed."""
    if not (program("smtp-sink") and program("smtp-source")):
        print("smtp-sink and smtp-source are missing: install Postfix")
        return
    with sink() as port, tempfile.TemporaryDirectory() as folder:
        size = int(_child("sqlite", 10, port, "")["size"])
        contest = Contest({"smtp-source -d": partial(smtp_source, port, COUNT, size)})
        for kind in DATABASES:
            if _child(kind, 10, port, "") is None:
                print(f"  {kind} is left out: there is no server here")
                continue
            for name in ("", "ed25519", "rsa"):
                key = str(signing_key(Path(folder), name)[name]) if name else ""
                contest.senders[f"ours, {kind}{f', {name}' if name else ''}"] = partial(_ours, kind, port, key)
        print(f"dispatches of {COUNT:,} messages of {size:,} bytes, {CONNECTIONS} connections, medians")
        contest.run("smtp-source -d")


def _ours(kind: str, port: int, key: str) -> tuple[float, float]:
    found = _child(kind, COUNT, port, key)
    return found["rate"], found["cpu"]


def _child(kind: str, count: int, port: int, key: str) -> Any:
    """Measure in a process of its own; None where there is no such database."""
    arguments = [sys.executable, "-m", "benchmarks.dispatching", kind, str(count), str(port), key]
    return json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)


def measure(kind: str, count: int, port: int, key: str) -> dict[str, float] | None:
    """Freeze a dispatch to so many people and send it to a port of this machine."""
    from benchmarks.samples import workspace

    with workspace(lead=LEAD) as made, opened(kind, made.root) as database:
        if database is None:
            return None
        _write_settings(made.settings_file, port, key)
        return _drive(Bench(made, database, count))


def _drive(bench: Bench) -> dict[str, float]:
    from newsletter import plugins
    from newsletter.dispatch import Stop, accept, drive, write_receipt

    dispatch = accept(bench.surroundings, bench.propose("smtp"))
    plugins.load("providers", "smtp")  # so that loading it does not count
    start, used = time.perf_counter(), time.process_time()
    receipt, failure = drive(bench.surroundings, dispatch, lambda _: None, Stop())
    used, taken = time.process_time() - used, time.perf_counter() - start
    document = write_receipt(bench.surroundings.database, dispatch).document()
    assert failure is None, failure
    assert document["states"]["accepted"] == bench.count == receipt.balance.selected
    return {"rate": bench.count / taken, "cpu": used / bench.count * 1e6, "size": _size(bench)}


def _size(bench: Bench) -> float:
    """Tell how large one message is."""
    from benchmarks.samples import LARGE, merger, prepare, readers

    prepared, settings, definitions = prepare(bench.surroundings.workspace, LARGE)
    return len(merger(prepared, settings).merge(readers(1, definitions)[0]))


def _write_settings(file: Path, port: int, key: str) -> None:
    dkim = f'dkim = {{ key = "{key}" }}\n' if key else ""
    with file.open("a", encoding="utf-8") as settings:
        settings.write(
            f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {port}\nconnections = {CONNECTIONS}\n'
            f"messages_per_connection = 100000\n{dkim}"
        )


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])))
