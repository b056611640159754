"""`newsletter send`: hands an issue to every reader of a list, and accounts for each of them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, pass_face, slug_of
from newsletter.cli.check.gate import look_through, pass_gate
from newsletter.cli.dispatch.driving import drive_to_rest, receipt_file
from newsletter.cli.dispatch.moments import not_later_than_option, read_moment, read_start
from newsletter.cli.dispatch.showing import readers, show_continuation, show_proposal, show_schedule
from newsletter.errors import DispatchError

if TYPE_CHECKING:
    from newsletter.audience import Selection
    from newsletter.dispatch import Dispatch, Proposal, Start, Surroundings


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for, besides the issue and its audience."""

    provider: str | None
    not_later_than: datetime | None
    receipt: Path | None
    yes: bool
    override: str | None = None
    on_uncertain: str | None = None
    start: "Start | None" = None
    canary: float | None = None


@click.command(name="send")
@click.argument("slug", type=slug_of)
@click.option("--list", "list_name", required=True, metavar="LIST", help="Whom it goes to.")
@click.option("--segment", metavar="SEGMENT", help="Only those of the list who are in this segment.")
@click.option("--provider", metavar="PROVIDER", help="Carry it by another provider than newsletter.toml names.")
@not_later_than_option
@click.option(
    "--on-uncertain",
    type=click.Choice(["hold", "resend"]),
    help="What to do with readers of whom nobody knows whether they have it: nothing, or send it once more.",
)
@click.option("--at", "start", metavar="WHEN", help="Begin then, such as '2026-01-31 09:00'; a worker sends it.")
@click.option(
    "--local-time", metavar="ATTRIBUTE", help="With --at: for each reader in the time zone that this attribute names."
)
@click.option(
    "--canary",
    type=click.FloatRange(0, 100, min_open=True, max_open=True),
    metavar="PERCENT",
    help="Send to so many in a hundred first, and to the others only if that goes well.",
)
@click.option("--by-worker", is_flag=True, help="Freeze it, and leave the sending to 'newsletter worker'.")
@click.option("--refreeze", is_flag=True, help="Freeze anew what was frozen, as long as nothing has been handed over.")
@click.option("--override", metavar="REASON", help="Send it in spite of what its checks found; the receipt keeps why.")
@click.option("--dry-run", is_flag=True, help="Show who would get it, or what is still to go; write and send nothing.")
@click.option(
    "--receipt",
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
    on_uncertain: str | None,
    start: str | None,
    local_time: str | None,
    canary: float | None,
    by_worker: bool,
    refreeze: bool,
    override: str | None,
    dry_run: bool,
    receipt: Path | None,
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

    wish = Wish(
        provider,
        read_moment(face, not_later_than),
        receipt,
        yes,
        override,
        on_uncertain,
        _start(face, start, local_time),
        canary,
    )
    with face.database() as database:
        surroundings = sending.Surroundings(face.workspace, face.settings, face.definitions, face.signer, database, now)
        selection = audience.Selection(list_name, segment)
        frozen = sending.find(surroundings, slug, selection)
        going_on = frozen if not refreeze else None
        if going_on is not None:
            sending.assert_as_frozen(going_on, wish.provider, wish.not_later_than, wish.on_uncertain)
        if dry_run:
            if going_on is not None:
                show_continuation(face, sending.look_again(surroundings, going_on), as_json=as_json)
            else:
                proposal = _propose(surroundings, slug, selection, wish)
                look_through(face, surroundings, proposal)
                show_proposal(face, proposal, as_json=as_json)
            return
        if going_on is not None:
            dispatch = _go_on(face, surroundings, going_on, wish)
        else:
            dispatch = _begin(face, surroundings, slug, selection, wish, instead_of=frozen)
        is_later = by_worker or (going_on is None and dispatch.start_at is not None)
        if is_later and dispatch.state == "open":
            show_schedule(face, dispatch, as_json=as_json)
            return
        begun = going_on is None
        drive_to_rest(face, surroundings, dispatch, wish.receipt, as_json=as_json, has_just_begun=begun)


def _go_on(face: Face, surroundings: "Surroundings", dispatch: "Dispatch", wish: Wish) -> "Dispatch":
    """Show a dispatch that there is already, and ask before it goes on."""
    from newsletter import dispatch as sending

    if dispatch.state == "paused":
        raise DispatchError(
            f"dispatch {dispatch.id} is paused", remedy=f"Let it go on: newsletter dispatch resume {dispatch.id}."
        )
    if dispatch.state != "open":
        face.error_console.print(f"Dispatch {dispatch.id} is {dispatch.state} already; nobody gets the issue twice.")
        return dispatch
    sending.assert_writable(wish.receipt or receipt_file(face, dispatch))
    found = sending.look_again(surroundings, dispatch)
    show_continuation(face, found, as_json=False)
    if not wish.yes:
        confirm(f"Go on with {readers(found.receipt.unsettled)} by {dispatch.provider}?")
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

    proposal = _propose(surroundings, slug, selection, wish)
    sending.assert_writable(wish.receipt or face.workspace.issues / slug / "receipt.json")
    override = pass_gate(look_through(face, surroundings, proposal), slug, wish.override)
    proposal = sending.approved(surroundings, sending.overriding(proposal, override))
    show_proposal(face, proposal, as_json=False)
    if not wish.yes:
        confirm(f"Send to {readers(proposal.audience.planned)} by {proposal.plan.provider}?")
    if instead_of is None:
        return sending.accept(surroundings, proposal)
    dispatch = sending.refreeze(surroundings, instead_of, proposal)
    face.error_console.print(f"Dispatch {instead_of.id} was frozen anew as {dispatch.id}.")
    return dispatch


def _propose(surroundings: "Surroundings", slug: str, selection: "Selection", wish: Wish) -> "Proposal":
    from newsletter import dispatch as sending

    return sending.propose(
        surroundings,
        slug,
        selection,
        wish.provider,
        wish.not_later_than,
        on_uncertain=wish.on_uncertain or "hold",
        start=wish.start,
        canary=wish.canary,
    )


def _start(face: Face, at: str | None, local_time: str | None) -> "Start | None":
    from newsletter.dispatch import Start

    if at is None:
        if local_time is not None:
            raise click.UsageError("--local-time goes with --at.")
        return None
    return Start(read_start(face, at), local_time)
