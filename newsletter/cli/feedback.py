"""`newsletter feedback`: what came back about messages, what it means, and what it is to mean again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, echo_json, pass_face, progress
from newsletter.errors import EXIT_UNFINISHED

if TYPE_CHECKING:
    import sqlalchemy as sa

    from newsletter.feedback.explaining import Explanation, Report
    from newsletter.feedback.mail import Mailbox

KINDS = ("accepted", "delivered", "delayed", "bounced", "dropped", "complained", "unsubscribed", "other")

PASSWORD_VARIABLE = "NEWSLETTER_IMAP_PASSWORD"  # noqa: S105 - where it stands


@click.group(name="feedback")
def command() -> None:
    """Show what came back about messages: bounces, complaints and the rest; explain it, and apply it anew."""


@command.command(name="list")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only reports of this kind.")
@click.option("--source", metavar="NAME", help="Only what this provider reports, or mail, or submission.")
@click.option("--dispatch", metavar="DISPATCH", help="Only what is about this dispatch.")
@click.option("--unattributed", is_flag=True, help="Only what names no delivery of ours, and so changes nothing.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def list_(
    face: Face,
    kinds: tuple[str, ...],
    source: str | None,
    dispatch: str | None,
    unattributed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List what was reported, the newest first; people are named by their numbers."""
    from dataclasses import asdict

    from newsletter.feedback.explaining import read_reports

    with face.database() as database, database.reading() as connection:
        found = read_reports(
            connection, kinds=kinds, source=source, dispatch=dispatch, unattributed=unattributed, limit=limit
        )
    if as_json:
        echo_json([asdict(one) for one in found])
        return
    if not found:
        click.echo("Nothing of that kind was reported.")
    for one in found:
        click.echo(f"{_told(one)}  {f'number {one.subscriber}' if one.subscriber else 'nobody of ours'}")


@command.command(name="read")
@click.option("--maildir", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Read a Maildir.")
@click.option("--imap", "host", metavar="HOST", help="Read a mailbox of this IMAP server, over TLS.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Its port; 993, or 143 with --starttls.")
@click.option("--user", metavar="NAME", help="Who logs in there; the password stands in NEWSLETTER_IMAP_PASSWORD.")
@click.option("--folder", default="INBOX", show_default=True, metavar="NAME", help="The mailbox to read there.")
@click.option("--starttls", is_flag=True, help="Begin TLS after connecting, instead of at once.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The certificate of who issued the server's, where this system does not know it.",
)
@click.option("--delete", is_flag=True, help="Take out of the IMAP mailbox what was kept, instead of marking it.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@pass_face
def read(
    face: Face,
    maildir: Path | None,
    host: str | None,
    port: int | None,
    user: str | None,
    folder: str,
    starttls: bool,
    ca_file: Path | None,
    delete: bool,
    as_json: bool,
) -> None:
    """Read mail that came back: bounces, complaints, requests to leave; one message on standard input by default.

    Safe to repeat, and to stop at any moment. Exit code 10 means that some messages could not be read; they still wait.
    """
    import sys

    from newsletter.clock import now
    from newsletter.feedback.mail import ImapAccess, Maildir, StandardInput, open_imap

    if maildir is not None and host is not None:
        raise click.UsageError("Name a Maildir or an IMAP server, not both.")
    if maildir is not None:
        _read(face, Maildir(maildir), as_json=as_json)
    elif host is None:
        _read(face, StandardInput(sys.stdin.buffer, now()), as_json=as_json)
    else:
        password = face.environ.get(PASSWORD_VARIABLE, "")
        if user is None or not password:
            raise click.UsageError(f"Say who logs in with --user, and set the password as {PASSWORD_VARIABLE}.")
        access = ImapAccess(
            host,
            user,
            password,
            port or (143 if starttls else 993),
            "starttls" if starttls else "implicit",
            folder,
            ca_file,
            delete,
        )
        with open_imap(access) as mailbox:
            _read(face, mailbox, as_json=as_json)


def _read(face: Face, mailbox: "Mailbox", *, as_json: bool) -> None:
    from functools import partial

    from newsletter.clock import now
    from newsletter.feedback.ingest import Policy, take
    from newsletter.feedback.mail import take_mail

    settings = face.settings
    with face.database() as database, progress(face, "Reading", total=None) as advance:
        store = partial(take, database, policy=Policy.of(settings), now=now())
        tally = take_mail(mailbox, settings.sender.return_path or "", store, advance)
    counts = {kind.value: count for kind, count in sorted(tally.kinds.items())}
    if as_json:
        echo_json({"read": counts, "refused": len(tally.refused)})
    else:
        for kind, count in counts.items():
            click.echo(f"{count:>9,}  {kind}")
        if not counts:
            click.echo("No mail was waiting.")
    for place, error in tally.refused:
        click.echo(f"{place}: {error}", err=True)
    if tally.refused:
        raise SystemExit(EXIT_UNFINISHED)


@command.command(name="explain")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def explain(face: Face, email: str, as_json: bool) -> None:
    """Explain why EMAIL is mailed or is not: every report, what it adds up to, and since when that counts."""
    from dataclasses import asdict

    from newsletter.feedback import explaining
    from newsletter.feedback.ingest import Policy

    rules = Policy.of(face.settings).rules
    with face.database() as database, database.reading() as connection:
        number = _number(connection, email)
        found = explaining.explain(connection, number, rules)
    if as_json:
        echo_json(asdict(found))
        return
    for line in _lines(found, rules.limit):
        click.echo(line)


@command.command(name="replay")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@pass_face
def replay(face: Face, as_json: bool) -> None:
    """Apply everything that was ever reported anew, as after a change of [feedback]; safe to repeat."""
    from dataclasses import asdict

    from newsletter.clock import now
    from newsletter.feedback.ingest import Policy
    from newsletter.feedback.replaying import count_reported, replay_all

    policy = Policy.of(face.settings)
    with face.database() as database:
        with database.reading() as connection:
            total = count_reported(connection)
        with progress(face, "Replaying", total=total) as advance:
            applied = replay_all(database, policy, now(), advance)
    if as_json:
        echo_json(asdict(applied))
        return
    click.echo(f"{total:,} people looked at.")
    for name, count in asdict(applied).items():
        click.echo(f"{count:>9,}  {name}")


@command.command(name="collect")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@pass_face
def collect(face: Face, as_json: bool) -> None:
    """Take from the ledger whom mail systems refused when messages were handed over; a worker does so by itself."""
    from newsletter.clock import now
    from newsletter.feedback.ingest import Policy
    from newsletter.feedback.submissions import take_submissions

    with face.database() as database:
        taken = take_submissions(database, Policy.of(face.settings), now())
    if as_json:
        echo_json({"refused": taken.new, "suppressed": taken.applied.suppressed})
        return
    click.echo(f"{taken.new:,} refusals looked at; {taken.applied.suppressed:,} addresses are not mailed any more.")


@command.command(name="lift")
@click.argument("email")
@pass_face
def lift(face: Face, email: str) -> None:
    """Let EMAIL be mailed again after bounces, because you know that the address works."""
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.feedback import explaining

    with face.database() as database, database.writing() as connection:
        explaining.lift(connection, _number(connection, email), now(), who())
    click.echo(f"{email} may be mailed again; bounces until now do not count any more.")


def _number(connection: "sa.Connection", email: str) -> int:
    from newsletter.errors import SubscriberError
    from newsletter.subscribers import find, parse_address, split_named

    address = parse_address(split_named(email)[1])
    number = find(connection, address)
    if number is None:
        raise SubscriberError(
            f"nobody has the address {address.address}", remedy="Check how it is written; see 'subscribers find'."
        )
    return number


def _told(one: "Report") -> str:
    fault = f", blames the {one.fault}" if one.fault else ""
    said = " ".join(part for part in (one.status, one.reply) if part)
    detail = f" ({one.detail})" if one.detail else ""
    return f"{one.at:%Y-%m-%d %H:%M} UTC  {one.kind}{detail}, says {one.source}{fault}{': ' + said if said else ''}"


def _lines(found: "Explanation", limit: float) -> Iterator[str]:
    yield f"Not mailed: {found.suppressed}." if found.suppressed else "Nothing that was reported keeps them from mail."
    if found.joined:
        yield f"Joined by themselves on {found.joined:%Y-%m-%d %H:%M} UTC; what was reported before does not count."
    if found.lifted:
        yield f"Lifted by staff on {found.lifted:%Y-%m-%d %H:%M} UTC; bounces before do not count."
    judgement = found.judgement
    if judgement.verdict:
        since = f" since {judgement.at:%Y-%m-%d %H:%M} UTC" if judgement.at else ""
        yield f"The reports say: {judgement.verdict}{since}."
    yield f"Failures that may pass add up to {judgement.score:.2f}; {limit:g} are too many."
    if not found.reports:
        yield "Nothing was reported of them."
    yield from (f"  {_told(one)}" for one in found.reports)
