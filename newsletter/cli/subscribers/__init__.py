"""`newsletter subscribers`: brings people in, shows them, and lets them go."""

import click

from newsletter.cli.subscribers.importing import import_
from newsletter.cli.subscribers.lists import export, list_
from newsletter.cli.subscribers.people import add, change, remove, show, unsubscribe


@click.group(name="subscribers")
def command() -> None:
    """Import, export, add, show, change, unsubscribe and remove people."""


for _command in (import_, export, add, change, show, unsubscribe, remove, list_):
    command.add_command(_command)
