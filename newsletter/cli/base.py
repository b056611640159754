"""What commands share: the workspace they work in, and how they print, ask and show that they are at work."""

import errno
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

from newsletter.errors import NewsletterError, Place, Problems, WorkspaceError
from newsletter.workspace import SETTINGS_FILE, Workspace, find

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from newsletter.expressions import Schema
    from newsletter.settings import Settings
    from newsletter.store import Database
    from newsletter.subscribers import Definitions, Record
    from newsletter.tokens import Signer

EXIT_FAULT: Final = 70
"""The program itself is at fault: EX_SOFTWARE of sysexits.h."""

REDRAW_SECONDS: Final = 0.1
PLAIN_LINE_SECONDS: Final = 5.0

_WIDE: Final = 500
"""More characters than any line of a table has."""
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})

_WORD: Final = re.compile(r"[a-z]+(?=[ ,:;]|$)")
"""A word at the beginning of a message, of plain letters: a value hardly looks like that."""

Advance: TypeAlias = Callable[[int], None]


class Face:
    """What a command sees of its workspace; each part is read when it is first asked for.

    Args:
        folder: The workspace that was named, or None for the one around the current folder.
        environ: The environment.
    """

    def __init__(self, folder: Path | None, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = environ

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace.

        Raises:
            WorkspaceError: There is none here, or the folder named is none.
        """
        if self.folder is None:
            return find(Path.cwd())
        root = self.folder.absolute()
        if not (root / SETTINGS_FILE).is_file():
            raise WorkspaceError(
                f"this folder has no {SETTINGS_FILE}",
                where=Place(str(self.folder)),
                remedy="Name a workspace with --workspace, or make one with 'newsletter init DIR'.",
            )
        return Workspace(root)

    @cached_property
    def settings(self) -> "Settings":
        """What `newsletter.toml` and the environment say."""
        from newsletter.settings import load

        return load(self.workspace, self.environ)

    @cached_property
    def definitions(self) -> "Definitions":
        """The lists, segments, attributes and topics."""
        from newsletter.subscribers import read_definitions

        return read_definitions(self.workspace)

    @property
    def schema(self) -> "Schema":
        """What expressions may say about a subscriber."""
        return self.definitions.schema()

    @cached_property
    def signer(self) -> "Signer":
        """What signs readers' links; makes the secret key on first need."""
        from newsletter.settings import secret_keys
        from newsletter.tokens import Signer

        return Signer.of(secret_keys(self.workspace, self.environ))

    @contextmanager
    def database(self) -> "Iterator[Database]":
        """Open the database, made or brought up to date where needed, and close it at the end."""
        from newsletter.store import open_database
        from newsletter.subscribers import renew_hashes, synchronise_attributes

        database = open_database(self.settings.database.url, self.workspace.root)
        try:
            synchronise_attributes(database, self.definitions)
            renew_hashes(database, self.signer.address_hashes)
            yield database
        finally:
            database.close()

    @cached_property
    def console(self) -> "Console":
        """Where results are printed."""
        return make_console()

    @cached_property
    def error_console(self) -> "Console":
        """Where everything else is printed, so that results can go into a file or a pipe."""
        return make_console(stderr=True)


pass_face = click.make_pass_decorator(Face)


def slug_of(text: str) -> str:
    """Read the name of an issue; a shell completes it to the path of the issue's folder, and that will do too."""
    path = Path(text)
    return path.name if path.parent.name == "issues" else text


def reader_record(face: Face, email: str | None) -> "Record":
    """Give the subscriber that something is shown for; without an address the made-up one.

    Raises:
        SubscriberError: The address is none.
    """
    from newsletter.dispatch import record_for
    from newsletter.subscribers import EXAMPLE_ID, example_record, parse_address, split_named

    if email is None:
        return example_record(face.definitions)
    address = parse_address(split_named(email)[1])
    with face.database() as database, database.reading() as connection:
        record = record_for(connection, address, face.definitions)
    if record.id == EXAMPLE_ID:
        click.echo(
            f"Nobody has the address {address.address}: shown is the made-up reader, with that address.", err=True
        )
    return record


def make_console(*, stderr: bool = False) -> "Console":
    """Make a console that neither wraps nor colours what does not go to a terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    is_seen = stream.isatty()
    width = None if is_seen else _WIDE
    return Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=not is_seen, width=width)


def print_error(error: NewsletterError) -> None:
    """Print an error, or each of several, on standard error: the place, what is wrong, and what to do."""
    console = make_console(stderr=True)
    errors = error.errors if isinstance(error, Problems) else (error,)
    for number, one in enumerate(errors):
        if number:
            console.print()
        console.print(_error_text(one))
    if len(errors) > 1:
        console.print(f"\n{len(errors)} problems.")


def print_fault(error: Exception) -> int:
    """Print that the program itself failed, on standard error, and give the exit code for it."""
    console = make_console(stderr=True)
    text = f"{type(error).__name__}: {error}".strip().removesuffix(":")
    console.print(f"Something went wrong that should not: {text}", style="bold red", markup=False)
    console.print(
        "This is a mistake in the program. Please report it, with what 'newsletter --debug …' shows.",
        markup=False,
    )
    return EXIT_FAULT


def output_failed(error: OSError) -> bool:
    """Tell whether an error comes from standard output: it names no file, and the disk or device behind it is full."""
    return error.filename is None and error.errno in _UNWRITABLE


def echo_json(data: Any) -> None:
    """Print data as JSON, for scripts."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def confirm(question: str) -> None:
    """Ask for a yes, and end the command without one.

    Raises:
        click.UsageError: Nobody is there to answer.
    """
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody can answer here; say so beforehand with --yes.")
    click.confirm(question, abort=True, err=True)


@contextmanager
def progress(face: Face, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
    """Show how far a long work is: a bar on a terminal, elsewhere a line every few seconds.

    Args:
        total: How many there are to do, or None where nobody knows.
        done: How many of these were done before.

    Yields:
        A function to call with the number of those just done; quick enough for every single one.
    """
    if face.error_console.is_terminal:
        with _bar(face, description, total, done) as advance:
            yield advance
        return
    goal = f" of {total:,}" if total is not None else ""
    yield _Counter(
        done, PLAIN_LINE_SECONDS, lambda count: click.echo(f"{description}: {count:,}{goal}", err=True)
    ).advance


@contextmanager
def _bar(face: Face, description: str, total: int | None, done: int) -> Iterator[Advance]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn() if total is not None else TimeElapsedColumn(),
    )
    with Progress(*columns, console=face.error_console) as bars:
        task = bars.add_task(description, total=total, completed=done)
        counter = _Counter(done, REDRAW_SECONDS, lambda count: bars.update(task, completed=count))
        try:
            yield counter.advance
        finally:
            bars.update(task, completed=counter.count)


class _Counter:
    """Counts, and shows the count no more often than every so many seconds."""

    def __init__(self, count: int, seconds: float, show: Callable[[int], None]) -> None:
        self.count = count
        self._seconds = seconds
        self._show = show
        self._shown = monotonic()

    def advance(self, more: int) -> None:
        self.count += more
        moment = monotonic()
        if moment - self._shown >= self._seconds:
            self._shown = moment
            self._show(self.count)


def _error_text(error: NewsletterError) -> "Text":
    from rich.text import Text

    text = Text()
    place = str(error.where)
    if place:
        text.append(f"{place}\n", style="bold")
    text.append("Error: ", style="bold red")
    text.append(f"{_sentence(error.message)}")
    if error.remedy:
        text.append(f"\n{error.remedy}")
    return text


def _sentence(text: str) -> str:
    """Give a message as a sentence of its own; a name, address or file that it begins with keeps its case."""
    first = text[:1].upper() if _WORD.match(text) else text[:1]
    return first + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")
