"""`newsletter subscribers add`, `show` and the others for one person."""

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face
from newsletter.cli.subscribers.values import read_values, shown

if TYPE_CHECKING:
    from newsletter.subscribers import Address, Profile, Subscription


@click.command(name="add")
@click.argument("email")
@click.option("--list", "list_name", required=True, metavar="LIST", help="The list to join.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A name, language, attribute or topics.")
@click.option("--source", default="added by staff", metavar="TEXT", show_default=True, help="Kept as proof.")
@pass_face
def add(face: Face, email: str, list_name: str, settings: tuple[str, ...], source: str) -> None:
    """Add EMAIL to a list, or change what is kept of them."""
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.subscribers import add as add_person
    from newsletter.subscribers import clean_text, split_named

    definitions = face.definitions
    definitions.list(list_name)
    proof = clean_text(source)
    if not proof:
        raise click.BadParameter("there is no text in it.", param_hint="--source")
    name = clean_text(split_named(email)[0])
    values = read_values(definitions, settings)
    if name and "first_name" not in values:
        first, _, last = name.partition(" ")
        values |= {"first_name": first, "last_name": last or None}
    address = _address(email)
    with face.database() as database, database.writing() as connection:
        add_person(
            connection,
            address,
            list_name,
            values,
            definitions,
            source=proof,
            now=now(),
            hashes=face.signer.address_hashes,
            by=who(),
        )
    click.echo(f"{address.address} is on {list_name}.")


@click.command(name="change")
@click.argument("email")
@click.option(
    "--set",
    "settings",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="A name, language, attribute or topics; without a value it is forgotten.",
)
@pass_face
def change(face: Face, email: str, settings: tuple[str, ...]) -> None:
    """Change what is kept of EMAIL, of somebody who has left too. Lists stay as they are."""
    from newsletter.clock import now
    from newsletter.subscribers import change as change_person

    address = _address(email)
    values = read_values(face.definitions, settings)
    with face.database() as database, database.writing() as connection:
        change_person(connection, address, values, face.definitions, now())
    click.echo(f"{address.address} is changed: {', '.join(values)}.")


@click.command(name="show")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def show(face: Face, email: str, as_json: bool) -> None:
    """Show all that is kept of EMAIL."""
    from newsletter.subscribers import show as show_person

    address = _address(email)
    with face.database() as database, database.reading() as connection:
        profile = show_person(connection, address, face.definitions, face.signer.address_hashes)
    if as_json:
        echo_json(_document(profile))
    else:
        _show_profile(face, profile)


@click.command(name="unsubscribe")
@click.argument("email")
@click.option("--list", "list_name", metavar="LIST", help="Only from this list; from all of them if not given.")
@pass_face
def unsubscribe(face: Face, email: str, list_name: str | None) -> None:
    """Take EMAIL off a list; holds at once, for a sending under way too."""
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.subscribers import show as show_person
    from newsletter.subscribers import unsubscribe as unsubscribe_person

    if list_name is not None:
        face.definitions.list(list_name)
    address = _address(email)
    with face.database() as database, database.writing() as connection:
        lists = unsubscribe_person(connection, address, list_name, now(), who())
        profile = show_person(connection, address, face.definitions, face.signer.address_hashes)
    if lists:
        click.echo(f"{address.address} has left {', '.join(lists)}.")
        return
    left = [one for one in profile.subscriptions if one.unsubscribed_at and list_name in (None, one.list)]
    for one in left:
        click.echo(f"{address.address} left {one.list} already, on {one.unsubscribed_at:%Y-%m-%d}.")
    if not left:
        click.echo(f"{address.address} was on no such list.")


@click.command(name="remove")
@click.argument("email")
@click.option("--suppress", is_flag=True, help="Keep a hash too, so that no import brings them back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_face
def remove(face: Face, email: str, suppress: bool, yes: bool) -> None:
    """Erase EMAIL. Of somebody who has unsubscribed a hash stays, so that no import brings them back."""
    from newsletter.clock import now
    from newsletter.subscribers import remove as remove_person

    address = _address(email)
    if not yes:
        confirm(f"Erase all that is kept of {address.address}? This cannot be undone.")
    with face.database() as database, database.writing() as connection:
        remove_person(connection, address, now(), face.signer.address_hashes, suppress=suppress)
    click.echo(f"{address.address} is erased.")


def _address(text: str) -> "Address":
    """Read an address, with or without a name before it."""
    from newsletter.subscribers import parse_address, split_named

    return parse_address(split_named(text)[1])


def _show_profile(face: Face, profile: "Profile") -> None:
    console = face.console
    console.print(profile.address, style="bold", markup=False)
    for name, value in profile.values.items():
        if name != "email" and value not in (None, frozenset()):
            console.print(f"  {name:<16} {shown(value)}", markup=False)
    console.print(f"  {'known since':<16} {profile.created_at:%Y-%m-%d}")
    for one in profile.subscriptions:
        console.print(f"  {one.list:<16} {_told(one)}", markup=False, soft_wrap=True)
    if profile.suppressed:
        console.print(f"  may not be mailed: {profile.suppressed}", style="red", markup=False)


def _told(subscription: "Subscription") -> str:
    joined = f"{subscription.subscribed_at:%Y-%m-%d} ({subscription.source})"
    if subscription.unsubscribed_at is None:
        return f"subscribed since {joined}"
    return f"unsubscribed since {subscription.unsubscribed_at:%Y-%m-%d}; subscribed {joined}"


def _document(profile: "Profile") -> dict[str, Any]:
    return {
        "address": profile.address,
        "values": {
            name: sorted(value) if isinstance(value, frozenset) else value for name, value in profile.values.items()
        },
        "created_at": profile.created_at.isoformat(),
        "subscriptions": [
            {
                "list": one.list,
                "status": one.status,
                "source": one.source,
                "subscribed_at": one.subscribed_at.isoformat(),
                "unsubscribed_at": one.unsubscribed_at.isoformat() if one.unsubscribed_at else None,
            }
            for one in profile.subscriptions
        ],
        "suppressed": profile.suppressed,
    }
