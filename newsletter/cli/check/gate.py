"""The gate of `newsletter send`: what was found is shown, and what stops sending stops it, unless it is overridden."""

from typing import TYPE_CHECKING

from newsletter.cli.base import Face
from newsletter.cli.check.showing import following, show, tell_of_network
from newsletter.errors import PreflightError

if TYPE_CHECKING:
    from newsletter.dispatch import Override, Proposal, Surroundings
    from newsletter.preflight.base import Report


def look_through(face: Face, surroundings: "Surroundings", proposal: "Proposal") -> "Report":
    """Check an issue that is about to be sent, and show what was found."""
    from newsletter import dispatch as sending

    settings, prepared, plan = surroundings.settings, proposal.prepared, proposal.plan
    links = sending.reader_links(surroundings.signer, settings.public_url, plan.selection.list, prepared.issue.slug)
    everybody = sending.survey_everybody(
        surroundings.database, prepared, plan.letterhead, plan.selection, surroundings.definitions, links
    )
    offline = not settings.preflight.network
    context, report = sending.check_issue(
        surroundings.workspace,
        settings,
        surroundings.definitions,
        prepared,
        surroundings.clock(),
        offline=offline,
        patient=settings.preflight.programs,
        show=following(face),
        audience=everybody,
    )
    tell_of_network(face, context, offline=offline)
    if report.reported:
        show(face.error_console, report, context)
    return report


def pass_gate(report: "Report", slug: str, reason: str | None) -> "Override | None":
    """Stop what may not be sent.

    Args:
        reason: Why it is sent all the same.

    Raises:
        PreflightError: Something stops it, and nobody gave a reason.
    """
    from newsletter.dispatch import override

    if reason is not None:
        return override(report, reason)
    if report.blocking:
        count = len(report.blocking)
        findings = "one finding stops" if count == 1 else f"{count} findings stop"
        raise PreflightError(
            f"{findings} {slug} from being sent; nothing was frozen",
            remedy="Mend what is named above and check it with 'newsletter check', or say why it is to be sent all "
            "the same: --override REASON.",
        )
    return None
