"""`newsletter test`: sends an issue to a few addresses for a look."""

import click

from newsletter.cli.base import Face, pass_face
from newsletter.errors import EXIT_UNFINISHED


@click.command(name="test")
@click.argument("slug")
@click.option("--to", "addresses", multiple=True, required=True, metavar="ADDRESS", help="Whom to; may be repeated.")
@click.option("--list", "list_name", metavar="LIST", help="The list whose name and reason stand in the footer.")
@click.option("--provider", metavar="PROVIDER", help="Carry it by another provider than newsletter.toml names.")
@pass_face
def command(face: Face, slug: str, addresses: tuple[str, ...], list_name: str | None, provider: str | None) -> None:
    """Send the issue SLUG to a few addresses, marked as a test.

    A subscriber gets it as it would be for them. Nothing is counted: the real dispatch goes to these addresses too.
    """
    from newsletter import dispatch as sending
    from newsletter.clock import now
    from newsletter.providers.base import Accepted
    from newsletter.subscribers import parse_address

    parsed = [parse_address(address) for address in addresses]
    with face.database() as database:
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
