"""How fast messages leave by SMTP, beside other programs, on one machine and to a server far away.

There is no ledger here: `dispatch` has it. The receiving end is Postfix's smtp-sink, which throws everything away; how
much it can take at most is measured too, by octets that were made beforehand.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import nodemailer, rivals
from benchmarks.contest import Send, Speed, against, hold
from benchmarks.figures import Figure, missing
from benchmarks.receiving import chunking_sink, far_away, has_postfix, sink
from benchmarks.rivals import CONNECTIONS, SENDER, SMTP_SOURCE
from newsletter.event_loop import run as run_loop
from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.message.content import looked_through
from newsletter.providers import smtp
from newsletter.providers.base import Accepted, PersonalParts, SharedParts
from newsletter.providers.smtp.keys import make_key_file

ROUND_TRIP: Final = 0.02
LARGE: Final = 60_000
SMALL: Final = 5_000
DEPTHS: Final = (1, 2, 4, 8)
AIOSMTPLIB: Final = "aiosmtplib"
NODEMAILER: Final = "nodemailer, pooled"
BEFOREHAND: Final = "octets made beforehand"


@dataclass(frozen=True, slots=True)
class Made:
    """A message that is written already."""

    key: DeliveryKey
    recipient: Mailbox
    content: Content
    envelope_sender: str = SENDER

    def raw(self) -> bytes:
        return self.content.octets

    def merged(self) -> Content:
        return self.content

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        raise NotImplementedError


def run() -> Iterator[Figure]:
    """Measure each size, with signatures, and from far away."""
    if not has_postfix():
        yield missing("messages by SMTP", "smtp-sink and smtp-source are missing: install Postfix")
        return
    with sink() as port, tempfile.TemporaryDirectory() as folder:
        yield from _here(port, LARGE, Path(folder))
        yield from _here(port, SMALL, Path(folder))
        with far_away(port, ROUND_TRIP) as far:
            yield _far(far)
    with chunking_sink() as port, far_away(port, ROUND_TRIP) as far:
        yield from _chunking(far)


def _here(port: int, size: int, folder: Path) -> Iterator[Figure]:
    few, many = (400, 2_000) if size == LARGE else (1_000, 6_000)
    theirs: dict[str, Send] = {
        SMTP_SOURCE: partial(rivals.send_with_smtp_source, port, many, size),
        BEFOREHAND: partial(rivals.write_beforehand, port, many, size),
        "smtplib, 1 connection": partial(rivals.send_with_smtplib, port, few, size),
        AIOSMTPLIB: partial(rivals.send_with_aiosmtplib, port, few, size),
        "aiosmtplib on uvloop": partial(rivals.send_with_aiosmtplib, port, few, size, run_loop),
    }
    if not nodemailer.ready():
        theirs[NODEMAILER] = partial(rivals.send_with_nodemailer, port, few, size)
    plain, ed25519, rsa = (f"{size // 1000} kB{signed}" for signed in ("", ", Ed25519", ", RSA-2048"))
    ours: dict[str, Send] = {
        plain: partial(_ours, port, many, size),
        ed25519: partial(_ours, port, many, size, dkim=signing_key(folder, "ed25519")),
        rsa: partial(_ours, port, few * 3, size, dkim=signing_key(folder, "rsa")),
    }
    # Three rounds: what counts is the whole dispatch, which is measured by itself.
    found = hold({**theirs, **ours}, rounds=3)
    for name in theirs:
        yield against(plain, found[plain], name, found[name])
    if nodemailer.ready():
        yield missing(f"{plain} beside {NODEMAILER}", nodemailer.ready())
    for name in (ed25519, rsa):
        yield against(name, found[name], SMTP_SOURCE, found[SMTP_SOURCE])
    for name in ours:
        yield Figure(f"{name}, CPU", f"{found[name].cpu:.0f} µs a message")


def _far(port: int) -> Figure:
    ours = f"{LARGE // 1000} kB, {ROUND_TRIP * 1000:g} ms there and back"
    senders: dict[str, Send] = {
        ours: partial(_ours, port, 800, LARGE),
        AIOSMTPLIB: partial(rivals.send_with_aiosmtplib, port, 200, LARGE),
    }
    found = hold(senders)
    return against(ours, found[ours], AIOSMTPLIB, found[AIOSMTPLIB])


def _chunking(port: int) -> Iterator[Figure]:
    found = hold({f"pipeline_depth {depth}": partial(_ours, port, 300, LARGE, depth) for depth in DEPTHS})
    first, *others = found
    for name in others:
        what = f"the same, a server that offers CHUNKING, {name}"
        yield against(what, found[name], first, found[first])


def signing_key(folder: Path, kind: Any) -> dict[str, Path]:
    """Make a key of a kind, and name its file."""
    file = folder / f"{kind}.pem"
    if not file.exists():
        make_key_file(file, "example.org", kind, kind)
    return {kind: file}


def _ours(port: int, count: int, size: int, depth: int = 2, dkim: dict[str, Path] | None = None) -> Speed:
    return run_loop(_submit(port, count, size, depth, dkim or {}))


async def _submit(port: int, count: int, size: int, depth: int, dkim: dict[str, Path]) -> Speed:
    # Looked through beforehand, as the common parts of an issue are.
    content = looked_through(rivals.content(size))
    messages = [Made(DeliveryKey(f"k{n}"), Mailbox(f"lid{n}@example.com"), content) for n in range(count)]

    async def source() -> AsyncIterator[Made]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:  # noqa: ARG001 (is answered at once)
        return frozenset(keys)

    settings = smtp.Settings(
        host="127.0.0.1",
        port=port,
        tls="none",
        connections=CONNECTIONS,
        messages_per_connection=100_000,
        pipeline_depth=depth,
        dkim=dkim,
        dkim_domain="example.org" if dkim else None,
    )
    async with smtp.open(settings) as provider:
        start, cpu, accepted = time.perf_counter(), time.process_time(), 0
        async for outcome in provider.submit(source(), intend):
            accepted += isinstance(outcome, Accepted)
        taken, busy = time.perf_counter() - start, time.process_time() - cpu
    assert accepted == count
    return Speed(count / taken, busy / count * 1e6)
