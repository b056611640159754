"""Drives a dispatch from a command: shows how far it is, stops in order, and keeps the receipt."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.cli.base import Face, progress
from newsletter.cli.dispatch.showing import moment_of, show_receipt
from newsletter.errors import EXIT_INTERRUPTED, EXIT_UNFINISHED, NewsletterError, raise_all

if TYPE_CHECKING:
    from newsletter.dispatch import Dispatch, Receipt, Stop, Surroundings


def drive_to_rest(
    face: Face,
    surroundings: "Surroundings",
    dispatch: "Dispatch",
    target: Path | None,
    *,
    as_json: bool,
    has_just_begun: bool = False,
) -> None:
    """Drive a dispatch as far as it goes now, print its receipt and keep it; ends the command.

    Args:
        target: Where to keep the receipt, if not beside the issue.
        has_just_begun: This very command has let it begin or go on, so that workers who were quicker are no hindrance.

    Raises:
        NewsletterError: Something ended the work early; the receipt is kept all the same.
        SystemExit: A person stopped it, or deliveries are still open.
    """
    from newsletter import dispatch as sending

    try:
        receipt, failure, interrupted = _drive(face, surroundings, dispatch)
    except sending.InOtherHands:
        if not has_just_begun:
            raise
        face.error_console.print("Workers have taken it up, and go on by themselves.")
        face.error_console.print(f"How far they are: newsletter dispatch show {dispatch.id}", soft_wrap=True)
        return
    page = None if failure else sending.index_page(surroundings, dispatch.provider)
    show_receipt(face, receipt, as_json=as_json)
    unwritten = keep_receipt(face, receipt, target or receipt_file(face, dispatch), page, as_json=as_json)
    raise_all(error for error in (failure, unwritten) if error is not None)
    if not (interrupted or receipt.balance.is_settled):
        _say_why_it_stands(face, surroundings, dispatch)
    if interrupted:
        raise SystemExit(EXIT_INTERRUPTED)
    if not receipt.balance.is_settled:
        raise SystemExit(EXIT_UNFINISHED)


def _say_why_it_stands(face: Face, surroundings: "Surroundings", dispatch: "Dispatch") -> None:
    """Say what keeps a dispatch from going on, where that is neither a reader nor an error."""
    from newsletter import dispatch as sending

    now, pace = surroundings.clock(), sending.pace_of(surroundings.settings)
    with surroundings.database.reading() as connection:
        found = sending.standing(connection, dispatch, now, pace)
    console = face.error_console
    if found.dispatch.state == "paused":
        why = next((event.detail for event in reversed(found.events) if event.action == sending.Action.PAUSED), "")
        console.print(f"It is paused{': ' + why if why else ''}.", markup=False, soft_wrap=True)
        console.print(f"To let it go on: newsletter dispatch resume {dispatch.id}", soft_wrap=True)
    elif found.closed:
        until = f" before {moment_of(found.closed.until)}" if found.closed.until else ""
        console.print(f"Nothing more is handed over{until}: {found.closed.why}.", soft_wrap=True)


def receipt_file(face: Face, dispatch: "Dispatch") -> Path:
    """Name the file of a dispatch's receipt, beside its issue."""
    return face.workspace.issues / dispatch.issue / f"receipt-{dispatch.id}.json"


def keep_receipt(
    face: Face, receipt: "Receipt", target: Path, page: Path | None, *, as_json: bool
) -> NewsletterError | None:
    """Write the receipt; what keeps it from being written must not hide what happened to the dispatch."""
    from newsletter import dispatch as sending

    try:
        sending.keep_receipt(receipt, target)
    except NewsletterError as error:
        return error
    if not as_json:
        face.console.print(f"  written to {face.workspace.name_of(target)}", soft_wrap=True)
        if page is not None:
            face.console.print(f"\nOpen {page}", soft_wrap=True)
    return None


def _drive(
    face: Face, surroundings: "Surroundings", frozen: "Dispatch"
) -> tuple["Receipt", NewsletterError | None, bool]:
    from newsletter import dispatch as sending
    from newsletter import telemetry
    from newsletter.feedback.ingest import Policy
    from newsletter.feedback.submissions import take_submissions

    before = sending.write_receipt(surroundings.database, frozen)
    stop = sending.Stop()
    with (
        telemetry.traced(face.settings, face.environ) as observer,
        _stopping(face, stop),
        progress(face, "Sending", total=frozen.selected, done=frozen.selected - before.unsettled) as advance,
    ):
        watched = replace(surroundings, observer=observer)
        receipt, failure = sending.drive(watched, frozen, lambda _outcome: advance(1), stop)
    policy = Policy.of(face.settings)
    take_submissions(surroundings.database, policy, surroundings.clock(), frozen.id)
    return receipt, failure, stop.asked


@contextmanager
def _stopping(face: Face, stop: "Stop") -> Iterator[None]:
    """Let the first Ctrl-C end the work in order; a second one ends the process."""

    def ask(_number: int, _frame: object) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.ask()
        face.error_console.print("\nStopping: settling what is under way. Press Ctrl-C again to end at once.")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
