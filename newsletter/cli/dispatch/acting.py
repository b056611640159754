"""`newsletter dispatch pause`, `resume`, `cancel` and `settle`: they hold at once, whoever is sending."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, pass_face
from newsletter.cli.dispatch.driving import drive_to_rest
from newsletter.cli.dispatch.moments import not_later_than_option, read_moment
from newsletter.cli.dispatch.opening import controls, find, opened
from newsletter.cli.dispatch.showing import readers

if TYPE_CHECKING:
    from newsletter.dispatch import Dispatch, Surroundings

yes_option = click.option("--yes", is_flag=True, help="Do not ask before.")


@click.command(name="pause")
@click.argument("name", metavar="DISPATCH")
@pass_face
def pause(face: Face, name: str) -> None:
    """Hand nothing more over for now.

    Holds at once, whoever is sending. What is under way is still settled, and nobody is lost.
    """
    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        controls(surroundings, dispatch).pause()
    click.echo(f"Dispatch {dispatch.id} is paused. It goes on with: newsletter dispatch resume {dispatch.id}", err=True)


@click.command(name="resume")
@click.argument("name", metavar="DISPATCH")
@click.option("--only-allow", is_flag=True, help="Let it go on, but do not send here: a process elsewhere does.")
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
@yes_option
@pass_face
def resume(face: Face, name: str, only_allow: bool, as_json: bool, yes: bool) -> None:
    """Send what is left of a paused dispatch.

    Takes up one that was stopped or killed too.
    """
    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        if dispatch.state != "paused" and (dispatch.state != "open" or only_allow):
            controls(surroundings, dispatch).resume()  # which says why it cannot be
        left = _left(surroundings, dispatch)
        if not yes and not only_allow:
            confirm(f"Go on with {readers(left)} by {dispatch.provider}?")
        if dispatch.state == "paused":
            controls(surroundings, dispatch).resume()
        if only_allow:
            click.echo(f"Dispatch {dispatch.id} may go on.", err=True)
            return
        resumed, was_paused = find(surroundings, dispatch.id), dispatch.state == "paused"
        drive_to_rest(face, surroundings, resumed, None, as_json=as_json, has_just_begun=was_paused)


@click.command(name="cancel")
@click.argument("name", metavar="DISPATCH")
@click.option("--reason", default="", metavar="REASON", help="Why; the log keeps it.")
@yes_option
@pass_face
def cancel(face: Face, name: str, reason: str, yes: bool) -> None:
    """End a dispatch for good.

    Who has not been mailed is excluded as cancelled. What is under way is still settled.
    """
    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        left = _left(surroundings, dispatch)
        if dispatch.state in ("open", "paused") and not yes:
            confirm(f"Cancel dispatch {dispatch.id}, with {readers(left)} to go? This cannot be undone.")
        excluded = controls(surroundings, dispatch).cancel(" ".join(reason.split()))
    click.echo(f"Dispatch {dispatch.id} is cancelled; {readers(excluded)} excluded.", err=True)


@click.command(name="settle")
@click.argument("name", metavar="DISPATCH")
@click.option("--resend", "settlement", flag_value="resend", help="Send it to them once more, with the same bytes.")
@click.option("--drop", "settlement", flag_value="drop", help="Give them up; perhaps they have it.")
@click.option("--accepted", "settlement", flag_value="accepted", help="Note that the provider did take it.")
@click.option("--only", "addresses", multiple=True, metavar="EMAIL", help="Only this reader; may be repeated.")
@not_later_than_option
@yes_option
@pass_face
def settle(
    face: Face,
    name: str,
    settlement: str | None,
    addresses: tuple[str, ...],
    not_later_than: str | None,
    yes: bool,
) -> None:
    """Decide about uncertain readers.

    Their message was handed over, and no reply was read. Who is sent it again may get it twice; nobody is sent it a
    third time. Afterwards, 'newsletter dispatch resume' sends it.
    """
    from newsletter import dispatch as sending

    if settlement is None:
        raise click.UsageError("Say what to do with them: --resend, --drop or --accepted.")
    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        subscribers = _numbers(surroundings, addresses) if addresses else None
        if settlement == "resend" and not yes:
            confirm("Send it again to readers who may have it already?")
        done = controls(surroundings, dispatch).settle(
            sending.Settlement(settlement), subscribers=subscribers, deadline=read_moment(face, not_later_than)
        )
    _tell_settled(dispatch, settlement, done.settled, done.held)


def _tell_settled(dispatch: "Dispatch", settlement: str, settled: int, held: int) -> None:
    what = {"resend": "will be sent it again", "drop": "given up", "accepted": "noted as accepted"}[settlement]
    click.echo(f"{readers(settled)} {what}.", err=True)
    if held:
        click.echo(f"{readers(held)} stay uncertain: they were sent it twice already.", err=True)
    if settlement == "resend":
        click.echo(f"Send it with: newsletter dispatch resume {dispatch.id}", err=True)


def _left(surroundings: "Surroundings", dispatch: "Dispatch") -> int:
    from newsletter import dispatch as sending

    return sending.write_receipt(surroundings.database, dispatch).unsettled


def _numbers(surroundings: "Surroundings", addresses: tuple[str, ...]) -> list[int]:
    """Find people by their addresses.

    Raises:
        SubscriberError: Nobody has one of them.
    """
    from newsletter.errors import Place, SubscriberError
    from newsletter.subscribers import find as find_person
    from newsletter.subscribers import parse_address

    numbers: list[int] = []
    with surroundings.database.reading() as connection:
        for address in addresses:
            number = find_person(connection, parse_address(address))
            if number is None:
                raise SubscriberError(
                    f"nobody has the address {address}",
                    where=Place(field="--only"),
                    remedy="Look it up: newsletter subscribers show EMAIL.",
                )
            numbers.append(number)
    return numbers
