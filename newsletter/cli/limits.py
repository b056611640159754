"""`newsletter limits`: how fast messages may go, seen and changed, also while they go."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, echo_json, pass_face

if TYPE_CHECKING:
    from newsletter.dispatch.pacing import Holding, Rules


@click.group(name="limits")
def command() -> None:
    """Show how fast messages may go, and change it while they go."""


@command.command(name="show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def show_command(face: Face, as_json: bool) -> None:
    """Show all limits: those of the settings, those set by hand, and those that a mail system's complaint has left."""
    from newsletter.clock import now
    from newsletter.dispatch.pacing import Buckets, survey_limits

    with face.database() as database:
        holdings = survey_limits(Buckets(database, _rules(face), now))
    if as_json:
        echo_json([one.document() for one in holdings])
        return
    if not holdings:
        click.echo("There are no limits. They stand in newsletter.toml, in [limits].")
    for one in holdings:
        click.echo(f"{_name(one.key):<24} {', '.join(_words(one))}")


@command.command(name="set")
@click.argument("key")
@click.argument("rate", nargs=-1, required=True)
@pass_face
def set_command(face: Face, key: str, rate: Sequence[str]) -> None:
    """Let another RATE hold for KEY, a provider or a domain, until it is reset.

    A rate is written like 50/second, 600/minute, 10000/hour or 20000/day; several hold together, and burst=20 lets so
    many go at once. The word none takes the limit away. It goes before the settings, at once and in every process.
    """
    from newsletter.clock import now
    from newsletter.dispatch.pacing import key_of, parse_limit, set_override, shown

    bucket, limit = key_of(key, _rules(face)), parse_limit(" ".join(rate))
    with face.database() as database, database.writing() as connection:
        set_override(connection, bucket, limit, now())
    click.echo(f"{_name(bucket)}: {shown(limit)}, from now on and until it is reset")


@command.command(name="reset")
@click.argument("key")
@pass_face
def reset_command(face: Face, key: str) -> None:
    """Let the settings hold for KEY again, and forget what a mail system's complaint has left."""
    from newsletter.clock import now
    from newsletter.dispatch.pacing import key_of, set_override, shown

    rules = _rules(face)
    bucket = key_of(key, rules)
    with face.database() as database, database.writing() as connection:
        set_override(connection, bucket, None, now())
    click.echo(f"{_name(bucket)}: {shown(rules.limit(bucket))}, as the settings say")


def _rules(face: Face) -> "Rules":
    from newsletter.dispatch.pacing import Rules

    return Rules.of(face.settings, face.settings.provider)


def _name(key: str) -> str:
    kind, _, name = key.partition(":")
    if kind == "domain":
        return "any other domain" if name == "default" else name
    return f"{kind} {name}"


def _words(holding: "Holding") -> Iterator[str]:
    from newsletter.dispatch.pacing import shown

    if holding.allowance is not None:
        yield f"{holding.allowance:,} today"
    elif holding.key.startswith("warm-up:"):
        yield "warm by now: no limit any more"
    else:
        yield shown(holding.limit)
    if holding.is_override:
        yield "set by hand"
    for name, count in holding.used.items():
        yield f"{count:,} used today" if name == "warm-up" else f"{count:,} used in the last {name}"
    if holding.slowed is not None:
        yield f"slowed down to {holding.slowed:,.3g} a second for now"
    if holding.paused_until:
        yield f"nothing until {holding.paused_until:%Y-%m-%d %H:%M:%S} UTC"
