"""`newsletter test`: sends an issue to a few addresses for a look."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, pass_face, slug_of
from newsletter.errors import EXIT_UNFINISHED, Place, SubscriberError, raise_all

if TYPE_CHECKING:
    from newsletter.store import Database
    from newsletter.subscribers import Address


@click.command(name="test")
@click.argument("slug", type=slug_of)
@click.option("--to", "addresses", multiple=True, required=True, metavar="ADDRESS", help="Whom to; may be repeated.")
@click.option("--list", "list_name", metavar="LIST", help="The list whose name and reason stand in the footer.")
@click.option("--provider", metavar="PROVIDER", help="Carry it by another provider than newsletter.toml names.")
@pass_face
def command(face: Face, slug: str, addresses: tuple[str, ...], list_name: str | None, provider: str | None) -> None:
    """Send the issue SLUG to a few addresses, marked as a test.

    A subscriber gets it as it would be for them. Nothing is counted: the real dispatch goes to these addresses too.
    Nobody gets it who may not be mailed.
    """
    from newsletter import dispatch as sending
    from newsletter.clock import now
    from newsletter.providers.base import Accepted
    from newsletter.subscribers import parse_address, split_named

    parsed = [parse_address(split_named(address)[1]) for address in addresses]
    with face.database() as database:
        _refuse_suppressed(face, database, parsed)
        surroundings = sending.Surroundings(face.workspace, face.settings, face.definitions, face.signer, database, now)
        trials = sending.send_trial(surroundings, slug, parsed, list_name, provider)
        page = sending.index_page(surroundings, provider or face.settings.provider)
    for trial in trials:
        kind = type(trial.outcome).__name__.lower()
        reply = f": {trial.outcome.reply}" if trial.outcome.reply else ""
        click.echo(f"{trial.address}  {kind}{reply}")
    if page is not None:
        click.echo(f"Open {page}")
    if not all(isinstance(trial.outcome, Accepted) for trial in trials):
        raise SystemExit(EXIT_UNFINISHED)


def _refuse_suppressed(face: Face, database: "Database", addresses: Sequence["Address"]) -> None:
    from newsletter.subscribers import suppression

    with database.reading() as connection:
        reasons = {one.address: suppression(connection, face.signer.address_hashes(one.key)) for one in addresses}
    raise_all(
        SubscriberError(
            f"{address} may not be mailed, not for a test either: {reason}",
            where=Place("--to"),
            remedy="Leave this address out; nothing was sent.",
        )
        for address, reason in reasons.items()
        if reason is not None
    )
