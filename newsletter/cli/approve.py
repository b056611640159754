"""`newsletter approve`: somebody has seen what is about to be sent, and says that it may go."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, slug_of
from newsletter.cli.check.gate import look_through
from newsletter.cli.dispatch.opening import find, opened
from newsletter.cli.dispatch.showing import moment_of, show_proposal

if TYPE_CHECKING:
    from newsletter.dispatch import Proposal, Surroundings


@click.command(name="approve")
@click.argument("slug", type=slug_of)
@click.option("--list", "list_name", required=True, metavar="LIST", help="Whom it is to go to.")
@click.option("--segment", metavar="SEGMENT", help="Only those of the list who are in this segment.")
@click.option("--provider", metavar="PROVIDER", help="Carried by another provider than newsletter.toml names.")
@click.option("--correcting", metavar="DISPATCH", help="As the correction of this dispatch.")
@click.option("--withdraw", is_flag=True, help="Take an approval back.")
@click.option("--show", is_flag=True, help="Show whether there is one that holds; approve nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --show: print it as JSON.")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@pass_face
def command(
    face: Face,
    slug: str,
    list_name: str,
    segment: str | None,
    provider: str | None,
    correcting: str | None,
    withdraw: bool,
    show: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Approve the issue SLUG for a list.

    The approval holds for exactly this content, template, audience and sender: any change voids it. Whether sending
    needs one, and from whom, stands in newsletter.toml.
    """
    from newsletter import dispatch as sending
    from newsletter.audience import Selection

    with opened(face) as surroundings:
        if correcting:
            proposal = sending.propose_correction(surroundings, find(surroundings, correcting), slug, provider)
        else:
            proposal = sending.propose(surroundings, slug, Selection(list_name, segment), provider)
        if show:
            _show(face, surroundings, proposal, as_json=as_json)
        elif withdraw:
            count = sending.withdraw_approval(surroundings, proposal)
            click.echo("The approval is withdrawn." if count else "There is no approval to withdraw.", err=True)
        else:
            sending.assert_may_approve(surroundings.by, face.settings.approval)
            look_through(face, surroundings, proposal)
            show_proposal(face, proposal, as_json=False)
            if not yes:
                confirm(f"Approve {slug} for {proposal.audience.planned:,} readers?")
            approval = sending.approve_proposal(surroundings, proposal)
            click.echo(f"Approved by {approval.by}; void as soon as anything changes.", err=True)


def _show(face: Face, surroundings: "Surroundings", proposal: "Proposal", *, as_json: bool) -> None:
    from newsletter import dispatch as sending

    approval, changed = sending.look_up_approval(surroundings, proposal)
    if as_json:
        echo_json(
            {
                "approved": approval is not None and not changed,
                "by": approval.by if approval else None,
                "at": approval.at.isoformat() if approval else None,
                "changed": list(changed),
            }
        )
    elif approval is None:
        face.console.print("Nobody has approved this.")
    elif changed:
        face.console.print(
            f"Void: {approval.by} approved it on {moment_of(approval.at)}; since then there is another "
            f"{' and '.join(changed)}.",
            markup=False,
            soft_wrap=True,
        )
    else:
        face.console.print(f"Approved by {approval.by} on {moment_of(approval.at)}.", markup=False)
