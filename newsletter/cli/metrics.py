"""`newsletter metrics`: the numbers that an operator watches, as Prometheus reads them."""

import click

from newsletter.cli.base import Face, pass_face


@click.command(name="metrics")
@pass_face
def command(face: Face) -> None:
    """Print metrics of dispatches, limits and the database, for Prometheus.

    They are read from the database, and nothing in it is changed. A worker can serve them too: newsletter worker
    --metrics.
    """
    from newsletter import telemetry
    from newsletter.clock import now
    from newsletter.store import open_to_read

    with telemetry.needing("metrics", "metrics"):
        read = telemetry.LedgerMetrics
    database = open_to_read(face.settings.database.url, face.workspace.root)
    try:
        click.echo(telemetry.ledger_metrics_text(read(database, face.settings, now)), nl=False)
    finally:
        database.close()
