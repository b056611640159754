"""`newsletter dispatch`: what there is of dispatches, and what a person does with one."""

import click

from newsletter.cli.dispatch.acting import cancel, pause, resume, settle
from newsletter.cli.dispatch.following import correct, retry, top_up
from newsletter.cli.dispatch.looking import list_, show, status


@click.group(name="dispatch")
def command() -> None:
    """Look at what was sent, stop it, and follow it up.

    A dispatch is named by its identifier, or by its issue where that has only one.
    """


for _command in (list_, status, show, pause, resume, cancel, retry, settle, top_up, correct):
    command.add_command(_command)
