"""`newsletter confirmations`: how many mails wait that something is confirmed by, and mailing them now."""

from typing import TYPE_CHECKING, Final

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.cli.dispatch.opening import opened
from newsletter.errors import EXIT_UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from newsletter.dispatch.confirmation import Standing
    from newsletter.subscribers import Kind

_NAMES: Final = {
    "join": "joining",
    "address": "a new address",
    "moved": "telling the old address",
    "link": "one's own page",
}


@click.command(name="confirmations")
@click.option("--send", is_flag=True, help="Mail what is due now, first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def command(face: Face, send: bool, as_json: bool) -> None:
    """Count the mails by which people confirm that they join, a new address, or ask for their own page.

    A worker mails them by itself. Nobody's address is shown.
    """
    from newsletter.dispatch import confirmation

    with opened(face) as surroundings:
        turn = confirmation.mail_due(surroundings) if send else None
        with surroundings.database.reading() as connection:
            standing = confirmation.survey(connection, surroundings.clock())
    if as_json:
        counts = {"sent": dict(turn.counts)} if turn else {}
        waiting = {kind.value: {name: getattr(one, name) for name in _COLUMNS} for kind, one in standing.items()}
        echo_json({**counts, "waiting": waiting})
    else:
        if turn:
            click.echo(", ".join(f"{count} {name}" for name, count in turn.counts.items()) or "Nothing was due.")
        _print(standing)
    if turn and turn.failures:
        raise turn.failures[0]
    if turn and any(turn.counts[name] for name in ("deferred", "rejected", "uncertain", "postponed")):
        raise SystemExit(EXIT_UNFINISHED)


_COLUMNS: Final = ("due", "later", "mailed", "failed")


def _print(standing: "Mapping[Kind, Standing]") -> None:
    width = max(map(len, _NAMES.values()))
    click.echo(f"{'':<{width}}  {'due':>7}  {'later':>7}  {'mailed':>7}  {'failed':>7}")
    for kind, one in standing.items():
        numbers = "  ".join(f"{getattr(one, name):>7,}" for name in _COLUMNS)
        click.echo(f"{_NAMES[kind.value]:<{width}}  {numbers}")
