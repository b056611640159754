"""A whole dispatch by SMTP, with its ledger and a row for everybody, beside programs that only send.

Freezing is not measured; everything from the first claim to the last row written is. All take turns within one run, so
that their ratios hold whatever else the machine does.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import nodemailer, rivals
from benchmarks.contest import Send, Speed, against, hold
from benchmarks.databases import ABSENT, databases, opened
from benchmarks.figures import Figure, at_most, missing
from benchmarks.ledger_path import LEAD, Bench
from benchmarks.receiving import far_away, has_postfix, sink
from benchmarks.rivals import CONNECTIONS, SMTP_SOURCE
from benchmarks.samples import LARGE, SMALL
from benchmarks.wire import AIOSMTPLIB, NODEMAILER, ROUND_TRIP, signing_key

COUNT: Final = 2_000
FAR_COUNT: Final = 400
SMTPLIB: Final = "smtplib, 1 connection"
SMALL_SOURCE: Final = f"{SMTP_SOURCE}, small"
FAR_AIOSMTPLIB: Final = f"{AIOSMTPLIB}, far"
BARS: Final = {SMTP_SOURCE: 1.2, SMTPLIB: 2.5, AIOSMTPLIB: 4.0, NODEMAILER: 7.0}
"""How many times as fast as others a dispatch of large messages is meant to be."""
ED25519_BAR: Final = 1.0
RSA_BAR: Final = 0.4
SMALL_BAR: Final = 1.0
FAR_BAR: Final = 3.0
CPU_BAR: Final = 60
"""How many µs a message may cost the sending process."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One dispatch: of which issue, to which port of this machine, and signed with which key, if with any."""

    slug: str
    port: int
    key: str = ""


@dataclass
class Sender:
    """A process of its own with a list of readers; it lives on, so that others need not wait for it to begin."""

    where: str
    count: int
    process: "subprocess.Popen[str]" = field(init=False)

    def __post_init__(self) -> None:
        arguments = [sys.executable, "-m", "benchmarks.dispatching", self.where, str(self.count)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, turn: Turn) -> Speed:
        """Freeze a dispatch to all of them, send it, and tell how fast it went."""
        return Speed(**self._ask("drive", turn.slug, turn.port, turn.key))

    def size(self, slug: str) -> int:
        """Tell how large one message is."""
        size: int = self._ask("size", slug)
        return size

    def end(self) -> None:
        """End the process."""
        self.process.communicate()

    def _ask(self, *question: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the sending process has ended"
        return json.loads(answer)


def run() -> Iterator[Figure]:
    """Measure messages per second and CPU per message on each database: large, small, signed and far away."""
    if not has_postfix():
        yield missing("dispatches by SMTP", "smtp-sink and smtp-source are missing: install Postfix")
        return
    with (
        sink() as port,
        far_away(port, ROUND_TRIP) as far,
        databases() as kinds,
        tempfile.TemporaryDirectory() as folder,
        ExitStack() as stack,
    ):
        keys = {kind: str(signing_key(Path(folder), kind)[kind]) for kind in ("ed25519", "rsa")}
        present = {name: new for name, new in kinds.items() if new}
        senders: dict[str, Send] = {}
        for name, new in present.items():
            near, distant = (stack.enter_context(_running(new(), count)) for count in (COUNT, FAR_COUNT))
            sizes = {slug: near.size(slug) for slug in (LARGE, SMALL)}
            senders |= {f"{name} {kind}": partial(near.send, turn) for kind, turn in _turns(port, keys).items()}
            senders[f"{name} far"] = partial(distant.send, Turn(LARGE, far))
        found = hold({**_rivals(port, far, sizes), **senders})
        for name in kinds:
            if name in present:
                yield from _figures(name, found, sizes)
            else:
                yield missing(name, ABSENT)


def _turns(port: int, keys: Mapping[str, str]) -> dict[str, Turn]:
    signed = {kind: Turn(LARGE, port, key) for kind, key in keys.items()}
    return {"large": Turn(LARGE, port), **signed, "small": Turn(SMALL, port)}


def _rivals(port: int, far: int, sizes: Mapping[str, int]) -> dict[str, Send]:
    large = sizes[LARGE]
    senders: dict[str, Send] = {
        SMTP_SOURCE: partial(rivals.send_with_smtp_source, port, COUNT, large),
        SMALL_SOURCE: partial(rivals.send_with_smtp_source, port, 3 * COUNT, sizes[SMALL]),
        SMTPLIB: partial(rivals.send_with_smtplib, port, COUNT // 4, large),
        AIOSMTPLIB: partial(rivals.send_with_aiosmtplib, port, COUNT // 4, large),
        FAR_AIOSMTPLIB: partial(rivals.send_with_aiosmtplib, far, FAR_COUNT // 4, large),
    }
    if not nodemailer.ready():
        senders[NODEMAILER] = partial(rivals.send_with_nodemailer, port, COUNT // 4, large)
    return senders


def _figures(name: str, found: Mapping[str, Speed], sizes: Mapping[str, int]) -> Iterator[Figure]:
    large, small = (f"{name}, {sizes[slug] / 1000:.0f} kB" for slug in (LARGE, SMALL))
    ours = {kind: found[f"{name} {kind}"] for kind in ("large", "ed25519", "rsa", "small", "far")}
    for rival, bar in BARS.items():
        if rival in found:
            yield against(large, ours["large"], rival, found[rival], bar)
        else:
            yield missing(f"{large} beside {rival}", nodemailer.ready())
    cpu = ours["large"].cpu
    yield Figure(f"{large}, CPU", f"{cpu:.0f} µs a message", bar=at_most(cpu, CPU_BAR, "µs"))
    yield against(f"{large}, Ed25519", ours["ed25519"], SMTP_SOURCE, found[SMTP_SOURCE], ED25519_BAR)
    yield against(f"{large}, RSA-2048", ours["rsa"], SMTP_SOURCE, found[SMTP_SOURCE], RSA_BAR)
    yield against(small, ours["small"], SMTP_SOURCE, found[SMALL_SOURCE], SMALL_BAR)
    yield Figure(f"{small}, CPU", f"{ours['small'].cpu:.0f} µs a message")
    far = f"{large}, {ROUND_TRIP * 1000:g} ms there and back"
    yield against(far, ours["far"], AIOSMTPLIB, found[FAR_AIOSMTPLIB], FAR_BAR)


@contextmanager
def _running(where: str, count: int) -> Iterator[Sender]:
    sender = Sender(where, count)
    try:
        yield sender
    finally:
        sender.end()


class Answering:
    """The other end of a `Sender`: a list of so many readers, who get one issue after the other."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.workspace = bench.surroundings.workspace
        self.settings = self.workspace.settings_file.read_text(encoding="utf-8")
        self.number = 0

    def answer(self, question: Sequence[Any]) -> Any:
        """Do what is asked, and tell what came of it."""
        kind, *about = question
        return self._size(*about) if kind == "size" else self._drive(Turn(*about))

    def _size(self, slug: str) -> int:
        from benchmarks.samples import merger, prepare, readers

        prepared, settings, definitions = prepare(self.workspace, slug)
        return len(merger(prepared, settings).merge(readers(1, definitions)[0]))

    def _drive(self, turn: Turn) -> dict[str, float]:
        from newsletter.dispatch import Stop, accept, drive, write_receipt
        from newsletter.settings import load

        self.number += 1
        slug = f"{turn.slug}-{self.number}"  # nobody gets an issue twice
        shutil.copytree(self.workspace.issues / turn.slug, self.workspace.issues / slug)
        self.workspace.settings_file.write_text(self.settings + _provider(turn), encoding="utf-8")
        self.bench.surroundings = replace(self.bench.surroundings, settings=load(self.workspace, {}))
        dispatch = accept(self.bench.surroundings, self.bench.propose("smtp", slug))
        start, used = time.perf_counter(), time.process_time()
        receipt, failure = drive(self.bench.surroundings, dispatch, lambda _: None, Stop())
        used, taken = time.process_time() - used, time.perf_counter() - start
        document = write_receipt(self.bench.surroundings.database, dispatch).document()
        assert failure is None, failure
        assert document["states"]["accepted"] == self.bench.count == receipt.balance.selected
        return {"rate": self.bench.count / taken, "cpu": used / self.bench.count * 1e6}


def _provider(turn: Turn) -> str:
    dkim = f'dkim = {{ key = "{turn.key}" }}\n' if turn.key else ""
    return (
        f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {turn.port}\nconnections = {CONNECTIONS}\n'
        f"messages_per_connection = 100000\n{dkim}"
    )


def main(where: str, count: int) -> None:
    """Answer questions until there are none any more."""
    from benchmarks.samples import workspace
    from newsletter import plugins

    plugins.load("providers", "smtp")  # so that loading it does not count
    with workspace(lead=LEAD) as made, opened(where, made.root) as database:
        answering = Answering(Bench(made, database, count))
        for line in sys.stdin:
            print(json.dumps(answering.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
