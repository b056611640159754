"""`newsletter dispatch retry`, `top-up` and `correct`: once more, for those who joined since, or with a correction."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, pass_face, slug_of
from newsletter.cli.check.gate import look_through, pass_gate
from newsletter.cli.dispatch.driving import drive_to_rest
from newsletter.cli.dispatch.moments import not_later_than_option, read_moment
from newsletter.cli.dispatch.opening import controls, find, opened
from newsletter.cli.dispatch.showing import readers, show_proposal

if TYPE_CHECKING:
    from newsletter.dispatch import FollowUp, Proposal, Reason, State, Surroundings

dry_run_option = click.option("--dry-run", is_flag=True, help="Show who would get it; write and send nothing.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask before sending.")


@click.command(name="retry")
@click.argument("name", metavar="DISPATCH")
@click.option("--rejected", is_flag=True, help="Those who were refused for good, in a dispatch of its own.")
@click.option("--expired", is_flag=True, help="Those whom the deadline left out, in a dispatch of its own.")
@click.option("--cancelled", is_flag=True, help="Those whom cancelling left out, in a dispatch of its own.")
@not_later_than_option
@dry_run_option
@json_option
@yes_option
@pass_face
def retry(
    face: Face,
    name: str,
    rejected: bool,
    expired: bool,
    cancelled: bool,
    not_later_than: str | None,
    dry_run: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Try again, now, whoever was refused.

    Without options: those who were refused for now, without waiting any longer. What has come to its end in a dispatch
    stays so: with --rejected, --expired or --cancelled they get the issue, as it was frozen, from a dispatch that
    follows this one.
    """
    from newsletter import dispatch as sending

    chosen: list[State | Reason] = [
        *([sending.State.REJECTED] if rejected else []),
        *([sending.Reason.EXPIRED] if expired else []),
        *([sending.Reason.CANCELLED] if cancelled else []),
    ]
    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        if chosen:
            proposed = sending.propose_retry(surroundings, dispatch, chosen, read_moment(face, not_later_than))
            _follow(face, surroundings, proposed, dry_run=dry_run, as_json=as_json, yes=yes)
            return
        if not_later_than or dry_run:
            raise click.UsageError("--not-later-than and --dry-run go with --rejected, --expired or --cancelled.")
        count = controls(surroundings, dispatch).retry()
        click.echo(f"{readers(count)} due now.", err=True)
        if dispatch.state == "open":
            if not yes:
                confirm(f"Try them now, by {dispatch.provider}?")
            drive_to_rest(face, surroundings, dispatch, None, as_json=as_json, has_just_begun=True)


@click.command(name="top-up")
@click.argument("name", metavar="DISPATCH")
@not_later_than_option
@dry_run_option
@json_option
@yes_option
@pass_face
def top_up(face: Face, name: str, not_later_than: str | None, dry_run: bool, as_json: bool, yes: bool) -> None:
    """Send an issue to those who have joined since.

    It is the issue as it was frozen, to the same list and segment.
    """
    from newsletter import dispatch as sending

    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        proposed = sending.propose_top_up(surroundings, dispatch, read_moment(face, not_later_than))
        _follow(face, surroundings, proposed, dry_run=dry_run, as_json=as_json, yes=yes)


@click.command(name="correct")
@click.argument("name", metavar="DISPATCH")
@click.argument("slug", type=slug_of)
@click.option("--provider", metavar="PROVIDER", help="Carry it by another provider than newsletter.toml names.")
@click.option("--override", metavar="REASON", help="Send it in spite of what its checks found; the receipt keeps why.")
@not_later_than_option
@dry_run_option
@json_option
@yes_option
@pass_face
def correct(
    face: Face,
    name: str,
    slug: str,
    provider: str | None,
    override: str | None,
    not_later_than: str | None,
    dry_run: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Send a correction to those who got an issue.

    SLUG is an issue of its own. It goes to exactly those whom the provider accepted DISPATCH for.
    """
    from newsletter import dispatch as sending

    with opened(face) as surroundings:
        dispatch = find(surroundings, name)
        moment: datetime | None = read_moment(face, not_later_than)
        proposed = sending.propose_correction(surroundings, dispatch, slug, provider, moment)
        report = look_through(face, surroundings, proposed)
        if not dry_run:
            proposed = sending.approved(surroundings, sending.overriding(proposed, pass_gate(report, slug, override)))
        _follow(face, surroundings, proposed, dry_run=dry_run, as_json=as_json, yes=yes)


def _follow(
    face: Face,
    surroundings: "Surroundings",
    proposed: "FollowUp | Proposal",
    *,
    dry_run: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Show what would be sent, ask, freeze it and send it."""
    from newsletter import dispatch as sending

    show_proposal(face, proposed, as_json=as_json and dry_run)
    if dry_run:
        return
    if not yes:
        confirm(f"Send to {readers(proposed.audience.planned)} by {proposed.plan.provider}?")
    dispatch = sending.accept_follow_up(surroundings, proposed)
    drive_to_rest(face, surroundings, dispatch, None, as_json=as_json, has_just_begun=True)
