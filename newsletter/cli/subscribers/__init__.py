"""`newsletter subscribers`: brings people in, shows them, and lets them go."""

import click

from newsletter.cli.subscribers.editing import changes, edit, undo
from newsletter.cli.subscribers.finding import find
from newsletter.cli.subscribers.importing import import_
from newsletter.cli.subscribers.lists import export
from newsletter.cli.subscribers.people import add, change, remove, show, unsubscribe
from newsletter.cli.subscribers.rights import dossier, merge


@click.group(name="subscribers")
def command() -> None:
    """Import, export, find, edit, show and remove people, one or many at once."""


_COMMANDS = (import_, export, find, edit, undo, changes, add, change, show, dossier, unsubscribe, merge, remove)

for _command in _COMMANDS:
    command.add_command(_command)
