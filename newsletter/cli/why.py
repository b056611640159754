"""`newsletter why`: tells one reader's whole story."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.cli.dispatch.showing import audience_name, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from newsletter.dispatch import Story
    from newsletter.dispatch.history import Outcome


@click.command(name="why")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@pass_face
def command(face: Face, email: str, as_json: bool) -> None:
    """Tell why EMAIL got each issue, or did not.

    Its lists, whether it may be mailed, and every dispatch with what was said.
    """
    from newsletter import dispatch as sending
    from newsletter.subscribers import parse_address

    address = parse_address(email)
    with face.database() as database, database.reading() as connection:
        story = sending.tell_story(connection, address, face.signer.address_hashes)
    if as_json:
        echo_json(story.document())
        return
    for line in _lines(story):
        face.console.print(line, markup=False, soft_wrap=True)


def _lines(story: "Story") -> "Iterator[str]":
    yield story.address
    if story.suppressed:
        reason, since = story.suppressed
        yield f"  may not be mailed since {moment_of(since)}: {reason}"
    if story.subscriber is None:
        yield "  nobody has this address"
        return
    for one in story.memberships:
        left = f", left on {moment_of(one.unsubscribed_at)}" if one.unsubscribed_at else ""
        yield f"  list {one.list}: {one.status} since {moment_of(one.subscribed_at)} (source: {one.source}){left}"
    if not story.outcomes:
        yield "  no issue has been sent to these lists"
    for outcome in story.outcomes:
        yield ""
        yield from _of_outcome(outcome)


def _of_outcome(one: "Outcome") -> "Iterator[str]":
    kind = "" if one.kind == "first" else f", a {one.kind}"
    yield (
        f"{one.issue} to {audience_name(one.list, one.segment)}: "
        f"{'excluded, ' + str(one.reason) if one.reason else one.state or one.absence}"
    )
    yield f"  dispatch {one.dispatch}{kind}, by {one.provider}, frozen on {moment_of(one.frozen_at)}"
    if one.changed_at and one.state:
        tries = "once" if one.attempts == 1 else f"{one.attempts} times"
        handed = f"handed over {tries}" if one.attempts else "never handed over"
        times = "once" if one.deferrals == 1 else f"{one.deferrals} times"
        deferred = f", put off {times}" if one.deferrals else ""
        yield f"  {handed}{deferred}; last change on {moment_of(one.changed_at)}"
    if one.due:
        yield f"  tried again from {moment_of(one.due)}"
    for past in one.past:
        yield f"  {moment_of(past.at)}  {past.state}{': ' + past.reply if past.reply else ''}"
    if one.reply and not (one.past and one.past[-1].reply == one.reply):
        yield f"  the provider said: {one.reply}"
    if one.reference:
        yield f"  the provider calls it: {one.reference}"
    if one.key:
        yield f"  its key, in Message-ID and return path: {one.key}"
