"""The command itself: checks an issue, shows what was found, and mends what is certain."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.cli.check.fixing import offer
from newsletter.cli.check.showing import describe, following, show, tell_of_network
from newsletter.errors import EXIT_BLOCKED

if TYPE_CHECKING:
    from newsletter.dispatch import PreparedIssue
    from newsletter.preflight.base import AudienceReport, Context, Report


@click.command(name="check")
@click.argument("slug")
@click.option("--list", "list_name", metavar="LIST", help="The list that it is meant for; the first if not given.")
@click.option("--segment", metavar="SEGMENT", help="Only those of the list who are in this segment.")
@click.option("--fix", is_flag=True, help="Show the changes that are certain to be meant, and make them.")
@click.option("--yes", is_flag=True, help="Do not ask before changing files.")
@click.option("--offline", is_flag=True, help="Leave out what needs the network or another program.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_face
def command(
    face: Face,
    slug: str,
    list_name: str | None,
    segment: str | None,
    fix: bool,
    yes: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Check the issue SLUG: its words, dates, links and markup.

    Exit code 11 means that something was found that stops sending. How much each check weighs stands in
    newsletter.toml.
    """
    context, report = _check(face, slug, list_name, segment, offline=offline)
    if fix and offer(face, report, context, yes=yes):
        context, report = _check(face, slug, list_name, segment, offline=offline)
    if as_json:
        echo_json(describe(report, context))
    else:
        show(face.console, report, context)
    if report.blocking:
        raise SystemExit(EXIT_BLOCKED)


def _check(
    face: Face, slug: str, list_name: str | None, segment: str | None, *, offline: bool
) -> "tuple[Context, Report]":
    from newsletter import dispatch as sending
    from newsletter.clock import now

    if segment is not None:
        face.definitions.segment(segment)  # must be there, with a database and without
    prepared = sending.prepare_issue(face.workspace, face.settings, face.definitions, slug, list_name)
    wanted = face.settings.preflight
    patient = wanted.programs and not offline
    offline = offline or not wanted.network
    context, report = sending.check_issue(
        face.workspace,
        face.settings,
        face.definitions,
        prepared,
        now(),
        offline=offline,
        patient=patient,
        show=following(face),
        audience=_everybody(face, prepared, segment),
    )
    tell_of_network(face, context, offline=offline)
    return context, report


def _everybody(face: Face, prepared: "PreparedIssue", segment: str | None) -> "AudienceReport":
    """Merge the issue for all its readers, where there is a list and a database with people."""
    from newsletter.preflight.base import UNMERGED

    if prepared.list is None or not _has_database(face):
        return UNMERGED
    from newsletter import dispatch as sending
    from newsletter.audience import Selection
    from newsletter.clock import now

    links = sending.reader_links(face.signer, face.settings.public_url, prepared.list.id, prepared.issue.slug)
    letterhead = sending.make_letterhead(prepared, face.settings, now())
    with face.database() as database:
        return sending.survey_everybody(
            database, prepared, letterhead, Selection(prepared.list.id, segment), face.definitions, links
        )


def _has_database(face: Face) -> bool:
    """Whether there is one already; checking does not make one."""
    kind, _, path = face.settings.database.url.partition(":///")
    return not kind.startswith("sqlite") or (face.workspace.root / path).is_file()
