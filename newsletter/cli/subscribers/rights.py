"""`newsletter subscribers dossier` and `merge`: what people may ask for, and people who are there twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, pass_face
from newsletter.cli.subscribers.values import shown

if TYPE_CHECKING:
    from newsletter.errors import SubscriberError
    from newsletter.subscribers import Address, Consent, Dossier


@click.command(name="dossier")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for another program.")
@click.option("-o", "--output", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
@pass_face
def dossier(face: Face, email: str, as_json: bool, output: Path | None) -> None:
    """Print everything that is kept of EMAIL: what they agreed to, when and how, and what they were sent."""
    from newsletter.subscribers import dossier as read_dossier
    from newsletter.subscribers import find, parse_address, split_named
    from newsletter.workspace import write_atomically

    address = parse_address(split_named(email)[1])
    with face.database() as database, database.reading() as connection:
        number = find(connection, address)
        found = read_dossier(connection, number, face.definitions) if number is not None else None
    if found is None:
        raise _nobody(address)
    text = found.as_json() if as_json else "".join(f"{line}\n" for line in _lines(found))
    if output is None:
        click.echo(text, nl=False)
        return
    write_atomically(output, text.encode(), private=True)
    click.echo(f"Wrote {output}. It holds personal data: keep it out of git.", err=True)


@click.command(name="merge")
@click.argument("email")
@click.argument("other")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@pass_face
def merge(face: Face, email: str, other: str, yes: bool) -> None:
    """Make one person of two: EMAIL stays, and takes over what is kept of OTHER.

    Whoever of both left a list last has left it; what both have stays as it is with EMAIL.
    """
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.errors import SubscriberError
    from newsletter.subscribers import find, parse_address, split_named
    from newsletter.subscribers import merge as merge_people

    addresses = [parse_address(split_named(text)[1]) for text in (email, other)]
    with face.database() as database:
        with database.reading() as connection:
            numbers = [find(connection, address) for address in addresses]
        for address, number in zip(addresses, numbers, strict=True):
            if number is None:
                raise SubscriberError(
                    f"nobody has the address {address.address}",
                    remedy="Check how it is written; see 'subscribers find'.",
                )
        staying, going = numbers
        if staying is None or going is None or staying == going:
            raise SubscriberError("these are one person already", remedy="Name two different addresses.")
        if not yes:
            confirm(f"Keep {addresses[0].address} and take {addresses[1].address} away? This cannot be undone.")
        with database.writing() as connection:
            merge_people(connection, into=staying, other=going, now=now(), by=who())
    click.echo(f"{addresses[0].address} now has all that was kept of {addresses[1].address}.")


def _nobody(address: "Address") -> "SubscriberError":
    from newsletter.errors import SubscriberError

    return SubscriberError(
        f"nobody has the address {address.address}", remedy="Check how it is written; see 'subscribers find'."
    )


def _lines(found: "Dossier") -> Iterator[str]:
    yield found.address
    yield f"  number {found.number}, known since {found.created_at:%Y-%m-%d}, changed on {found.changed_at:%Y-%m-%d}"
    if found.suppressed:
        reason, since = found.suppressed
        yield f"  may not be mailed since {since:%Y-%m-%d}: {reason}"
    yield from _section("Kept", [f"{name}: {shown(value)}" for name, value in found.values.items()])
    yield from _section("Topics", found.topics)
    yield from _section("Tags", found.tags)
    tracking = f"allowed since {found.tracking_since:%Y-%m-%d}" if found.tracking_since else "not allowed"
    yield from _section("Measuring what they read", [tracking])
    lists = [
        f"{one.list}: {one.status} since {one.unsubscribed_at or one.subscribed_at:%Y-%m-%d} (source: {one.source})"
        + (f", on a pause until {one.paused_until:%Y-%m-%d}" if one.paused_until else "")
        + (f", at most {one.frequency}" if one.frequency else "")
        for one in found.memberships
    ]
    yield from _section("Lists", lists)
    yield from _section("Consent", [line for one in found.consents for line in _consent(one)])
    yield from _section(
        "Issues", [f"{one.changed_at:%Y-%m-%d}  {one.issue}  {one.reason or one.state}" for one in found.issues]
    )
    reports = (
        f"{one.at:%Y-%m-%d}  {one.kind} ({one.source})  {one.status} {one.reply}".rstrip() for one in found.reports
    )
    yield from _section("Reports of mail systems", list(reports))
    waiting = [f"{one.requested_at:%Y-%m-%d}  {one.kind}, asked of {one.address}" for one in found.waiting]
    yield from _section("To be confirmed by mail", waiting)
    earlier = [f"{one.at:%Y-%m-%d}  {one.action}: {dict(one.before)}" for one in found.earlier]
    yield from _section("Before bulk changes that can still be undone", earlier)


def _section(title: str, lines: "list[str] | tuple[str, ...]") -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _consent(one: "Consent") -> Iterator[str]:
    about = one.list or ""
    topics = f" ({', '.join(one.topics)})" if one.topics else ""
    yield f"{one.at:%Y-%m-%d %H:%M:%S} UTC  {one.act.value} {about}{topics}".rstrip() + f", by {one.method.value}"
    known = {
        "asked on": f"{one.requested_at:%Y-%m-%d %H:%M:%S} UTC" if one.requested_at else None,
        "words": one.text,
        "language": one.language,
        "basis": one.basis,
        "source": one.source,
        "network": one.network,
        "staff": one.by,
        "detail": one.detail,
    }
    yield from (f"    {name}: {value}" for name, value in known.items() if value)
