"""`newsletter rehearse`: sends an issue to its whole audience without mailing anybody, and proves what happens."""

import functools
import secrets
from typing import TYPE_CHECKING, Final

import click

from newsletter.cli.base import Face, echo_json, pass_face, progress, slug_of
from newsletter.cli.dispatch.showing import audience_name
from newsletter.errors import DispatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from newsletter.dispatch.rehearsal import Outcome

SEEDS: Final = 1_000_000
MOST_KILLS: Final = 100


@click.command(name="rehearse")
@click.argument("slug", type=slug_of)
@click.option("--list", "list_name", required=True, metavar="LIST", help="Whom it would go to.")
@click.option("--segment", metavar="SEGMENT", help="Only those of the list who are in this segment.")
@click.option(
    "--kill",
    "kills",
    metavar="N",
    type=click.IntRange(0, MOST_KILLS),
    default=3,
    show_default=True,
    help="How often the sending process is killed.",
)
@click.option(
    "--faults",
    type=click.Choice(["none", "some", "many"]),
    default="some",
    show_default=True,
    help="How often the mail server that stands in for the provider misbehaves.",
)
@click.option("--seed", metavar="N", type=click.IntRange(0), help="Draw the same faults and kills as another time.")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Only the first N readers.")
@click.option(
    "--on-uncertain",
    type=click.Choice(["hold", "resend"]),
    default="hold",
    show_default=True,
    help="What to do with readers of whom nobody knows whether they have it: nothing, or send it once more.",
)
@click.option("--keep", is_flag=True, help="Leave the folder of the rehearsal; it holds readers' addresses.")
@click.option("--json", "as_json", is_flag=True, help="Print the proof and the figures as JSON.")
@pass_face
def command(
    face: Face,
    slug: str,
    list_name: str,
    segment: str | None,
    kills: int,
    faults: str,
    seed: int | None,
    limit: int | None,
    on_uncertain: str,
    keep: bool,
    as_json: bool,
) -> None:
    """Rehearse sending the issue SLUG to a list, mailing nobody.

    The whole audience goes through the real pipeline, into a mail server on this machine that misbehaves, while the
    sending process is killed and started again. What that server wrote down then proves, or not, that everybody got
    the issue once. It works on a copy: nothing is published, and no ledger of yours is touched.

    Exit code 9 means that a promise was broken, or that nobody would be mailed.
    """
    from newsletter import audience
    from newsletter.dispatch import rehearsal

    casting = rehearsal.Casting(audience.Selection(list_name, segment), limit, on_uncertain)
    wish = rehearsal.Wish(slug, casting, kills, faults, secrets.randbelow(SEEDS) if seed is None else seed, keep)
    outcome = rehearsal.rehearse(
        face.workspace, face.settings, face.definitions, wish, functools.partial(progress, face)
    )
    if as_json:
        echo_json(outcome.document())
    else:
        _show(face.console, outcome)
    if outcome.broken:
        raise DispatchError(
            f"the rehearsal has broken {len(outcome.broken)} of {len(outcome.claims)} promises",
            remedy=rehearsal.REMEDY,
        )


def _show(console: "Console", outcome: "Outcome") -> None:
    casting = outcome.wish.casting
    to = audience_name(casting.selection.list, casting.selection.segment)
    console.print(f"\n[bold]{outcome.wish.slug}[/bold] to {to}, rehearsed: nobody was mailed")
    console.print(f"  {outcome.receipt.equation()}", soft_wrap=True)
    for reason, count in sorted(outcome.receipt.balance.reasons.items()):
        console.print(f"  excluded, {reason}: {count:,}")
    _show_proof(console, outcome)
    _show_faults(console, outcome)
    _show_figures(console, outcome)
    if outcome.folder:
        console.print(
            f"\nLeft in {outcome.folder}, with readers' addresses: remove it when you have looked.",
            markup=False,
            soft_wrap=True,
        )


def _show_proof(console: "Console", outcome: "Outcome") -> None:
    console.print("\n[bold]Proof[/bold]")
    width = max(len(claim.promise) for claim in outcome.claims)
    for claim in outcome.claims:
        mark = "[green]✓[/green]" if claim.holds else "[bold red]✗[/bold red]"
        console.print(f"  {mark} {claim.promise:{width}}  {claim.detail}", soft_wrap=True)


def _show_faults(console: "Console", outcome: "Outcome") -> None:
    from newsletter.dispatch.rehearsal import MEANINGS

    performance, wish = outcome.performance, outcome.wish
    rows = [
        (MEANINGS[fault], f"{outcome.journal.faults[fault]:,}")
        for fault in MEANINGS
        if outcome.journal.faults.get(fault)
    ]
    if wish.kills:
        all_of_them = performance.kills == wish.kills
        rest = "" if all_of_them else f" of {wish.kills:,}; everybody was through before the others"
        rows.insert(0, ("kills of the sending process", f"{performance.kills:,}{rest}"))
    if rows:
        console.print(f"\n[bold]What went wrong, as planned[/bold]  (--seed {wish.seed} draws the same)")
        _show_rows(console, rows)
    else:
        console.print("\nNothing was made to go wrong.")


def _show_figures(console: "Console", outcome: "Outcome") -> None:
    performance, journal = outcome.performance, outcome.journal
    rows = [
        ("messages", f"{journal.messages:,} taken{_pace(outcome)}"),
        ("time", f"{_duration(outcome.seconds)}, with {_duration(performance.processor_seconds)} of processor time"),
        ("processes", _processes(len(performance.starts))),
    ]
    if performance.hastened:
        waits = "wait" if performance.hastened == 1 else "waits"
        rows.append(("left out", f"{performance.hastened:,} {waits} of half an hour or more"))
    if outcome.forecast:
        forecast = outcome.forecast
        rows.append(("forecast", f"{_duration(forecast.seconds)} by {outcome.provider}: {forecast.basis}"))
    console.print("\n[bold]Figures[/bold]")
    _show_rows(console, rows)


def _show_rows(console: "Console", rows: "Sequence[tuple[str, str]]") -> None:
    width = max(len(name) for name, _ in rows)
    for name, words in rows:
        console.print(f"  {name:{width}}  {words}", soft_wrap=True)


def _processes(count: int) -> str:
    return "1 sending process" if count == 1 else f"{count:,} sending processes, one after the other"


def _pace(outcome: "Outcome") -> str:
    return f", {outcome.rate:,.0f} a second while they came" if outcome.rate else ""


def _duration(seconds: float) -> str:
    """Write a duration as people say it."""
    if seconds < 90:
        return f"{seconds:,.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60:,} h {minutes % 60:02} min"
