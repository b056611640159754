"""`newsletter retention`: forgets what has been kept long enough."""

import click

from newsletter.cli.base import Face, echo_json, pass_face, progress


@click.command(name="retention")
@click.option("--dry-run", is_flag=True, help="Count what is due; forget nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@pass_face
def command(face: Face, dry_run: bool, as_json: bool) -> None:
    """Forget what has been kept long enough, as [privacy] in newsletter.toml says; a worker does so every day."""
    from newsletter.clock import now
    from newsletter.subscribers import RULES, count_due, forget_due

    settings, moment = face.settings.privacy, now()
    with face.database() as database:
        with database.reading() as connection:
            due = count_due(connection, settings, moment)
        if not dry_run:
            with progress(face, "Forgetting", total=sum(due.values())) as advance:
                due = forget_due(database, settings, moment, advance)
    if as_json:
        echo_json(due)
        return
    for name, count in due.items():
        click.echo(f"{count:>9,}  {name:<13}  {RULES[name].what}")
    click.echo("Nothing was forgotten: this was a dry run." if dry_run else "Forgotten.", err=True)
