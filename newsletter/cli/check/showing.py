"""How findings are shown: to people in the workspace's language, and as data."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from newsletter.cli.base import Advance, Face, progress

if TYPE_CHECKING:
    from rich.console import Console

    from newsletter.preflight.base import Context, Report, Reported

_HEADINGS: Final = {"error": "Stops sending", "warning": "Worth a look", "hint": "Perhaps useful"}
_STYLES: Final = {"error": "bold red", "warning": "bold yellow", "hint": "bold cyan"}


def following(face: Face) -> Callable[[int], AbstractContextManager[Advance]]:
    """Give what shows how far following the links is, host by host."""
    from newsletter.dispatch import catalogue

    translate = catalogue(face.settings)
    return lambda total: progress(face, translate("Following links, by host"), total)


def tell_of_network(face: Face, context: "Context", *, offline: bool) -> None:
    """Say in one line that links were not followed, where that is so.

    Args:
        offline: Whether somebody wanted that.
    """
    if context.fetched is None:
        from newsletter.dispatch import catalogue

        translate = catalogue(context.settings)
        wanted = translate("Links were not followed: as you wish.")
        cut_off = translate("Links were not followed: there is no network.")
        face.error_console.print(wanted if offline else cut_off)


def show(console: "Console", report: "Report", context: "Context") -> None:
    """Print findings for people, the weightiest first."""
    from newsletter.dispatch import catalogue
    from newsletter.preflight.base import Severity

    translate = catalogue(context.settings)
    for severity in Severity:
        reported = report.of(severity)
        if not reported:
            continue
        console.print(f"{translate(_HEADINGS[severity])}  ({len(reported)})", style=_STYLES[severity], markup=False)
        for one in reported:
            _print(console, one, translate)
        console.print()
    console.print(_summary(report, translate), markup=False, soft_wrap=True)


def describe(report: "Report", context: "Context") -> dict[str, Any]:
    """Give findings as data, ready for JSON; sentences are in the workspace's language."""
    from newsletter.dispatch import catalogue
    from newsletter.preflight.base import Severity

    translate = catalogue(context.settings)
    return {
        "issue": context.issue.slug,
        "day": context.today.isoformat(),
        "blocked": bool(report.blocking),
        "counts": {severity.value: len(report.of(severity)) for severity in Severity},
        "findings": [_described(one, translate) for one in report.reported],
    }


def _described(one: "Reported", translate: Callable[[str], str]) -> dict[str, Any]:
    finding = one.finding
    return {
        "check": one.check,
        "severity": one.severity.value,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "field": finding.place.field,
        "block": finding.block or None,
        "message": _said(finding.message, translate),
        "remedy": _said(finding.remedy, translate),
        "fixable": finding.fix is not None,
    }


def _print(console: "Console", one: "Reported", translate: Callable[[str], str]) -> None:
    from rich.text import Text

    finding = one.finding
    place = str(finding.place) or finding.block
    heading = Text.assemble(("  ", ""), (place, "bold"), ("  ", ""), (one.check, "dim"))
    if finding.block and finding.block != place:
        heading.append(f"  {finding.block}", style="dim italic")
    console.print(heading, soft_wrap=True)
    message = _said(finding.message, translate)
    console.print(f"    {message[:1].upper()}{message[1:]}.", markup=False, soft_wrap=True)
    certain = f" {translate('--fix does this.')}" if finding.fix is not None else ""
    console.print(f"    → {_said(finding.remedy, translate)}{certain}", markup=False, soft_wrap=True)


def _summary(report: "Report", translate: Callable[[str], str]) -> str:
    if not report.reported:
        return translate("Nothing was found.")
    if report.blocking:
        return translate("This issue cannot be sent as it is.")
    return translate("Nothing stops this issue from being sent.")


def _said(text: str, translate: Callable[[str], str]) -> str:
    from newsletter.preflight.base import in_words

    return str(in_words(text, translate))
