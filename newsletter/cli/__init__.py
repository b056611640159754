"""Commands: each parses, calls one function and prints.

Every module in this folder but `base` is a command; it is imported when it is called, or listed in the help.
"""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import click

from newsletter import __version__, plugins
from newsletter.cli.base import Face, output_failed, print_error, print_fault
from newsletter.errors import EXIT_INTERRUPTED, NewsletterError

SECTIONS: Final = {
    "Begin": ("init", "config"),
    "Write": ("issue", "template", "preview", "screenshot", "build"),
    "Readers": ("lists", "segments", "subscribers", "retention"),
    "Send": (
        "dkim",
        "doctor",
        "check",
        "test",
        "approve",
        "limits",
        "rehearse",
        "send",
        "worker",
        "metrics",
        "dispatch",
        "feedback",
        "why",
    ),
    "Show": ("serve", "archive"),
}
"""The order of the work, in which the help names the commands; those that are not here come after."""


class Commands(click.Group):
    """The commands there are, each loaded on use, and the one place where errors end."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        names = [name.replace("_", "-") for name in plugins.names("cli")]
        order = [name for section in SECTIONS.values() for name in section]
        return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = plugins.load("cli", cmd_name).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        known = {name for section in SECTIONS.values() for name in section}
        sections = {**SECTIONS, "More": tuple(name for name in names if name not in known)}
        width = max(map(len, names), default=0)
        for title, members in sections.items():
            rows = [(name.ljust(width), self._summary(ctx, name)) for name in members if name in names]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def _summary(self, ctx: click.Context, name: str) -> str:
        """Give a command's first sentence; one that cannot be loaded does not spoil the whole help."""
        try:
            command = self.get_command(ctx, name)
        except NewsletterError as error:
            return f"(cannot be loaded: {error.message})"
        return command.get_short_help_str(limit=80) if command else ""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and end with its exit code when something is wrong."""
        try:
            return super().invoke(ctx)
        except NewsletterError as error:
            print_error(error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
            ctx.exit(EXIT_INTERRUPTED)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except OSError as error:
            # Standard output that is full is no mistake of the program; the entry point, which flushes it, says so.
            if ctx.params.get("debug") or output_failed(error):
                raise
            ctx.exit(print_fault(error))
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            ctx.exit(print_fault(error))


@click.group(name="newsletter", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsletter", message="%(prog)s %(version)s")
@click.option(
    "--workspace",
    metavar="DIR",
    envvar="NEWSLETTER_WORKSPACE",
    type=click.Path(path_type=Path),
    help="Work there, instead of in the workspace around the current folder.",
)
@click.option("--debug", is_flag=True, help="Show the traceback when the program itself fails.")
@click.pass_context
def main(ctx: click.Context, workspace: Path | None, debug: bool) -> None:  # noqa: ARG001 (read in invoke)
    """Compose newsletters as files, and send them with proof for every reader."""
    ctx.obj = Face(workspace, os.environ)
