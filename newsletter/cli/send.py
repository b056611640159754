"""`newsletter send`: hands an issue to every reader of a list, and accounts for each of them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, progress, slug_of
from newsletter.cli.check.gate import look_through, pass_gate
from newsletter.errors import EXIT_INTERRUPTED, EXIT_UNFINISHED, NewsletterError, raise_all

if TYPE_CHECKING:
    from newsletter.audience import Selection
    from newsletter.dispatch import Continuation, Dispatch, Proposal, Receipt, Stop, Surroundings

MOST_REPLIES: Final = 5
"""How many different replies are printed for each state; the receipt has more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for, besides the issue and its audience."""

    provider: str | None
    not_later_than: datetime | None
    receipt: Path | None
    yes: bool
    override: str | None = None


@click.command(name="send")
@click.argument("slug", type=slug_of)
@click.option("--list", "list_name", required=True, metavar="LIST", help="Whom it goes to.")
@click.option("--segment", metavar="SEGMENT", help="Only those of the list who are in this segment.")
@click.option("--provider", metavar="PROVIDER", help="Carry it by another provider than newsletter.toml names.")
@click.option(
    "--not-later-than",
    metavar="WHEN",
    help="Give up then, such as 2026-01-31 or '2026-01-31 18:00'; after four days where it is not said.",
)
@click.option("--refreeze", is_flag=True, help="Freeze anew what was frozen, as long as nothing has been handed over.")
@click.option("--override", metavar="REASON", help="Send it in spite of what its checks found; the receipt keeps why.")
@click.option("--dry-run", is_flag=True, help="Show who would get it, or what is still to go; write and send nothing.")
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
    not_later_than: str | None,
    refreeze: bool,
    override: str | None,
    dry_run: bool,
    receipt_file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Send the issue SLUG to a list.

    The issue is checked first; what counts as an error stops it. The audience, the content and the provider are then
    frozen. Stopped or killed, the same command goes on where it was, and nobody gets the issue twice. It ends with a
    receipt that accounts for everybody selected.

    Exit code 10 means that some deliveries are deferred, so that the same command is to be run again later; or that
    some are uncertain, and held.
    """
    from newsletter import audience
    from newsletter import dispatch as sending
    from newsletter.clock import now

    wish = Wish(provider, _last_moment(face, not_later_than), receipt_file, yes, override)
    with face.database() as database:
        surroundings = sending.Surroundings(face.workspace, face.settings, face.definitions, face.signer, database, now)
        selection = audience.Selection(list_name, segment)
        frozen = sending.find(surroundings, slug, selection)
        going_on = frozen if not refreeze else None
        if going_on is not None:
            sending.assert_as_frozen(going_on, wish.provider, wish.not_later_than)
        if dry_run:
            if going_on is not None:
                _show_continuation(face, sending.look_again(surroundings, going_on), as_json=as_json)
            else:
                proposal = sending.propose(surroundings, slug, selection, provider, wish.not_later_than)
                look_through(face, surroundings, proposal)
                _show_proposal(face, proposal, as_json=as_json)
            return
        if going_on is not None:
            dispatch = _go_on(face, surroundings, going_on, wish)
        else:
            dispatch = _begin(face, surroundings, slug, selection, wish, instead_of=frozen)
        receipt, failure, interrupted = _drive(face, surroundings, dispatch)
        page = None if failure else sending.index_page(surroundings, dispatch.provider)
    _show_receipt(face, receipt, as_json=as_json)
    unwritten = _keep_receipt(face, receipt, _target(face, receipt.dispatch, wish), page, as_json=as_json)
    raise_all(error for error in (failure, unwritten) if error is not None)
    _end(receipt, interrupted=interrupted)


def _last_moment(face: Face, given: str | None) -> datetime | None:
    """Read a moment, in the newsletter's own time zone; a day alone means its end.

    Raises:
        click.BadParameter: It is neither a day nor a moment.
    """
    from datetime import date, time, timedelta
    from zoneinfo import ZoneInfo

    if given is None:
        return None
    try:
        if len(given) == len("2026-01-31"):
            moment = datetime.combine(date.fromisoformat(given) + timedelta(days=1), time())
        else:
            moment = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is no day and no moment. Write it like 2026-01-31 or '2026-01-31 18:00'.",
            param_hint="--not-later-than",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(face.settings.time_zone))


def _go_on(face: Face, surroundings: "Surroundings", dispatch: "Dispatch", wish: Wish) -> "Dispatch":
    """Show a dispatch that there is already, and ask before it goes on."""
    from newsletter import dispatch as sending

    if dispatch.state != "open":
        face.error_console.print(f"Dispatch {dispatch.id} is finished already; nobody gets the issue twice.")
        return dispatch
    sending.assert_writable(_target(face, dispatch, wish))
    found = sending.look_again(surroundings, dispatch)
    _show_continuation(face, found, as_json=False)
    if not wish.yes:
        confirm(f"Go on with {_readers(found.receipt.unsettled)} by {dispatch.provider}?")
    face.error_console.print(f"Going on with dispatch {dispatch.id} as it was frozen.")
    return dispatch


def _begin(
    face: Face,
    surroundings: "Surroundings",
    slug: str,
    selection: "Selection",
    wish: Wish,
    instead_of: "Dispatch | None",
) -> "Dispatch":
    """Show what would be sent, ask, and freeze it."""
    from newsletter import dispatch as sending

    proposal = sending.propose(surroundings, slug, selection, wish.provider, wish.not_later_than)
    sending.assert_writable(wish.receipt or face.workspace.issues / slug / "receipt.json")
    override = pass_gate(look_through(face, surroundings, proposal), slug, wish.override)
    proposal = sending.overriding(proposal, override)
    _show_proposal(face, proposal, as_json=False)
    if not wish.yes:
        confirm(f"Send to {_readers(proposal.audience.planned)} by {proposal.plan.provider}?")
    if instead_of is None:
        return sending.accept(surroundings, proposal)
    dispatch = sending.refreeze(surroundings, instead_of, proposal)
    face.error_console.print(f"Dispatch {instead_of.id} was frozen anew as {dispatch.id}.")
    return dispatch


def _drive(
    face: Face, surroundings: "Surroundings", frozen: "Dispatch"
) -> tuple["Receipt", NewsletterError | None, bool]:
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
                "waiting": audience.waiting,
                "seconds_at_least": round(proposal.forecast.duration.total_seconds()),
            }
        )
        return
    console = face.error_console
    to = _audience(plan.selection.list, plan.selection.segment)
    console.print(f"[bold]{plan.compiled.slug}[/bold] to {to}, by {plan.provider}")
    console.print(f"  {_readers(audience.planned)} of {audience.selected:,} selected")
    for reason, count in sorted(audience.excluded.items()):
        console.print(f"  {count:,} left out: {reason}")
    if audience.waiting:
        console.print(f"  {audience.waiting:,} of them waiting for another dispatch, which was frozen before")
    if line := proposal.forecast.line():
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _show_continuation(face: Face, found: "Continuation", *, as_json: bool) -> None:
    receipt, dispatch = found.receipt, found.receipt.dispatch
    if as_json:
        echo_json({**receipt.document(), "to_go": receipt.unsettled, "content_changed": found.changed})
        return
    console = face.error_console
    console.print(
        f"[bold]{dispatch.issue}[/bold] to {_audience(dispatch.list, dispatch.segment)}: dispatch {dispatch.id}, "
        f"by {dispatch.provider}, frozen on {_moment(dispatch.created_at)}, {receipt.unsettled:,} still to go",
        soft_wrap=True,
    )
    console.print(f"  {receipt.equation()}")
    console.print(f"  gives up on {_moment(dispatch.deadline)}")
    if found.changed is None:
        console.print(
            f"  The issue cannot be compiled any more; it goes on as it was frozen. {found.problem}",
            markup=False,
            soft_wrap=True,
        )
    elif found.changed:
        console.print("  The issue has changed since; it goes on as it was frozen.")


def _show_receipt(face: Face, receipt: "Receipt", *, as_json: bool) -> None:
    from newsletter.dispatch import State

    if as_json:
        echo_json(receipt.document())
        return
    console = face.console
    title = "Receipt" if receipt.balance.is_settled else "Receipt, with deliveries still open"
    console.print(f"\n[bold]{title}[/bold]  dispatch {receipt.dispatch.id} of {receipt.dispatch.issue}")
    console.print(f"  {receipt.equation()}")
    for reason, count in sorted(receipt.balance.reasons.items()):
        console.print(f"  excluded, {reason}: {count:,}")
    for line in _reply_lines(receipt):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    uncertain = receipt.balance.of(State.UNCERTAIN)
    if uncertain:
        console.print(
            f"  {_readers(uncertain)} uncertain: handed over, but no reply was read, so the message may have been "
            "taken. They are held, and not mailed again.",
            soft_wrap=True,
        )
    if receipt.next_due:
        console.print(
            f"  deferred ones may be tried again from {_moment(receipt.next_due)} "
            f"until {_moment(receipt.dispatch.deadline)}"
        )


def _reply_lines(receipt: "Receipt") -> Iterator[str]:
    """Write the most frequent replies of each state, and how many there are besides."""
    for state in dict.fromkeys(one.state for one in receipt.replies):
        found = [one for one in receipt.replies if one.state is state]
        told = [one for one in found if one.words][:MOST_REPLIES]
        for one in told:
            yield f"{state}: {one.count:,} × {one.words}"
        rest = sum(one.count for one in found) - sum(one.count for one in told)
        if rest:
            yield f"{state}: {rest:,} × other replies"


def _keep_receipt(
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


def _target(face: Face, dispatch: "Dispatch", wish: Wish) -> Path:
    return wish.receipt or face.workspace.issues / dispatch.issue / f"receipt-{dispatch.id}.json"


def _end(receipt: "Receipt", *, interrupted: bool) -> None:
    if interrupted:
        raise SystemExit(EXIT_INTERRUPTED)
    if not receipt.balance.is_settled:
        raise SystemExit(EXIT_UNFINISHED)


def _audience(list_name: str, segment: str | None) -> str:
    return f"{list_name}, segment {segment}" if segment else list_name


def _moment(moment: datetime) -> str:
    from datetime import UTC

    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _readers(count: int) -> str:
    return f"{count:,} reader" if count == 1 else f"{count:,} readers"
