"""`newsletter send`: hands an issue to every reader of a list, and accounts for each of them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, progress
from newsletter.errors import EXIT_INTERRUPTED, EXIT_UNFINISHED

if TYPE_CHECKING:
    from newsletter.dispatch import Dispatch, Proposal, Receipt, Stop, Surroundings
    from newsletter.errors import NewsletterError


@click.command(name="send")
@click.argument("slug")
@click.option("--list", "list_name", required=True, metavar="LIST", help="Whom it goes to.")
@click.option("--segment", metavar="SEGMENT", help="Only those of the list who are in this segment.")
@click.option("--provider", metavar="PROVIDER", help="Carry it by another provider than newsletter.toml names.")
@click.option("--dry-run", is_flag=True, help="Show who would get it; write and send nothing.")
@click.option(
    "--receipt",
    "receipt_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the receipt here instead of beside the issue.",
)
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
@pass_face
def command(
    face: Face,
    slug: str,
    list_name: str,
    segment: str | None,
    provider: str | None,
    dry_run: bool,
    receipt_file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Send the issue SLUG to a list.

    The audience and the content are frozen first. Stopped or killed, the same command goes on where it was, and
    nobody gets the issue twice. It ends with a receipt that accounts for everybody selected.

    Exit code 10 means that some deliveries are still open: run the same command again later.
    """
    from newsletter import dispatch as sending
    from newsletter.audience import Selection
    from newsletter.clock import now

    selection = Selection(list_name, segment)
    with face.database() as database:
        surroundings = sending.Surroundings(face.workspace, face.settings, face.definitions, face.signer, database, now)
        frozen = sending.find(surroundings, slug, selection)
        if frozen is None or dry_run:
            proposal = sending.propose(surroundings, slug, selection, provider)
            _show_proposal(face, proposal, as_json=as_json and dry_run)
            if dry_run:
                return
            if not yes:
                confirm(f"Send to {_readers(proposal.audience.planned)} by {proposal.plan.provider}?")
            frozen = sending.accept(surroundings, proposal)
        elif frozen.state == "open":
            face.error_console.print(f"Going on with dispatch {frozen.id} as it was frozen.")
        else:
            face.error_console.print(f"Dispatch {frozen.id} is finished already; nobody gets the issue twice.")
        receipt, failure, interrupted = _drive(face, surroundings, frozen)
        target = receipt_file or face.workspace.issues / slug / f"receipt-{receipt.dispatch.id}.json"
        sending.keep_receipt(receipt, target)
        page = sending.index_page(surroundings, frozen.provider)
    if as_json:
        echo_json(receipt.document())
    else:
        _show_receipt(face, receipt, face.workspace.name_of(target), page)
    _end(receipt, failure, interrupted=interrupted)


def _drive(
    face: Face, surroundings: "Surroundings", frozen: "Dispatch"
) -> tuple["Receipt", "NewsletterError | None", bool]:
    from newsletter import dispatch as sending

    before = sending.write_receipt(surroundings.database, frozen)
    stop = sending.Stop()
    with (
        _stopping(face, stop),
        progress(face, "Sending", total=frozen.selected, done=frozen.selected - before.unsettled) as advance,
    ):
        receipt, failure = sending.drive(surroundings, frozen, lambda _outcome: advance(1), stop)
    return receipt, failure, stop.asked


@contextmanager
def _stopping(face: Face, stop: "Stop") -> Iterator[None]:
    """Let the first Ctrl-C end the work in order; a second one ends the process."""

    def ask(_number: int, _frame: object) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        face.error_console.print("\nStopping: settling what is under way. Press Ctrl-C again to end at once.")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show_proposal(face: Face, proposal: "Proposal", *, as_json: bool) -> None:
    audience, plan = proposal.audience, proposal.plan
    if as_json:
        echo_json(
            {
                "issue": plan.compiled.slug,
                "list": plan.selection.list,
                "segment": plan.selection.segment,
                "provider": plan.provider,
                "content_hash": plan.compiled.content_hash,
                "selected": audience.selected,
                "excluded": audience.excluded,
                "planned": audience.planned,
            }
        )
        return
    to = f"{plan.selection.list}, segment {plan.selection.segment}" if plan.selection.segment else plan.selection.list
    console = face.error_console
    console.print(f"[bold]{plan.compiled.slug}[/bold] to {to}, by {plan.provider}")
    console.print(f"  {_readers(audience.planned)} of {audience.selected:,} selected")
    for reason, count in sorted(audience.excluded.items()):
        console.print(f"  {count:,} left out: {reason}")


def _show_receipt(face: Face, receipt: "Receipt", target: str, page: Path | None) -> None:
    console = face.console
    title = "Receipt" if receipt.complete else "Receipt, with deliveries still open"
    console.print(f"\n[bold]{title}[/bold]  dispatch {receipt.dispatch.id} of {receipt.dispatch.issue}")
    console.print(f"  {receipt.equation()}")
    for reason, count in sorted(receipt.balance.reasons.items()):
        console.print(f"  excluded, {reason}: {count:,}")
    if receipt.next_due:
        console.print(f"  deferred ones may be tried again from {receipt.next_due:%Y-%m-%d %H:%M} UTC")
    console.print(f"  written to {target}", soft_wrap=True)
    if page is not None:
        console.print(f"\nOpen {page}", soft_wrap=True)


def _end(receipt: "Receipt", failure: "NewsletterError | None", *, interrupted: bool) -> None:
    if failure is not None:
        raise failure
    if interrupted:
        raise SystemExit(EXIT_INTERRUPTED)
    if not receipt.complete:
        raise SystemExit(EXIT_UNFINISHED)


def _readers(count: int) -> str:
    return f"{count:,} reader" if count == 1 else f"{count:,} readers"
