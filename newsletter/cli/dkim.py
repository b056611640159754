"""`newsletter dkim`: keys that sign messages, and what the DNS has to say of them."""

from typing import Final, Literal

import click

from newsletter.cli.base import Face, pass_face

FOLDER: Final = "dkim"


@click.group(name="dkim")
def command() -> None:
    """Make a key that signs your messages, and show what belongs in the DNS."""


@command.command(name="new")
@click.argument("selector")
@click.option(
    "--kind",
    type=click.Choice(["rsa", "ed25519"]),
    default="rsa",
    show_default=True,
    help="Every mail system knows RSA; an Ed25519 key is small, and can sign beside one.",
)
@pass_face
def new_command(face: Face, selector: str, kind: Literal["rsa", "ed25519"]) -> None:
    """Make a key named SELECTOR, such as news2026, in var/dkim.

    The file is the key itself: it stays out of git, and whoever has it can sign in your name. A key that is there
    already is left alone.
    """
    from newsletter.message import ascii_domain
    from newsletter.providers.smtp.keys import make_key_file

    domain = ascii_domain(face.settings.sender.email.rpartition("@")[2]).lower()
    path = face.workspace.state / FOLDER / f"{selector}.pem"
    name = face.workspace.name_of(path)
    key = make_key_file(path, domain, selector, kind, name=name)
    click.echo(f"wrote {name}; keep it secret\n")
    click.echo(f"1. Publish this in the DNS, as one record of the type TXT:\n\n{_shown(key.name, key.record())}\n")
    click.echo(f'2. Then name it in newsletter.toml:\n\n[providers.smtp.dkim]\n{selector} = "{name}"\n')
    click.echo("3. And see that all is well: newsletter doctor dkim")


@command.command(name="show")
@pass_face
def show_command(face: Face) -> None:
    """Show what has to stand in the DNS for every key that newsletter.toml names."""
    from newsletter.errors import Place, SettingsError
    from newsletter.providers import smtp
    from newsletter.settings import provider_settings

    settings = provider_settings(face.settings, face.workspace, "smtp")
    keys = smtp.signing_keys(settings) if isinstance(settings, smtp.Settings) else ()
    if not keys:
        raise SettingsError(
            "there are no keys to sign with",
            where=Place("newsletter.toml", field="providers.smtp.dkim"),
            remedy="Make one: newsletter dkim new NAME.",
        )
    click.echo("\n\n".join(_shown(key.name, key.record()) for key in keys))


def _shown(name: str, record: str) -> str:
    """Write a record as name servers take it: in pieces of 255 characters at most. Source: RFC 1035 §3.3.14."""
    pieces = " ".join(f'"{record[start : start + 255]}"' for start in range(0, len(record), 255))
    return f"{name}. IN TXT ( {pieces} )"
