"""Offers the changes that are certain to be meant: shows them, asks, and makes them."""

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsletter.cli.base import Face, confirm, print_error

if TYPE_CHECKING:
    from newsletter.dispatch import Mended
    from newsletter.preflight.base import Context, Report


def offer(face: Face, report: "Report", context: "Context", *, yes: bool) -> bool:
    """Show the changes, ask, and make them.

    Returns:
        Whether any was made.

    Raises:
        ContentError: A file is another by now. Files changed before it stay changed.
    """
    from newsletter.dispatch import catalogue, mend_files, write_mended

    translate = catalogue(context.settings)
    mended, problems = mend_files(report.fixes)
    for problem in problems:
        print_error(problem)
    if not mended:
        face.error_console.print(translate("There is nothing that is certain enough to be changed."))
        return False
    for one in mended:
        for line in _difference(one):
            face.error_console.print(line, markup=False, style=_style(line), soft_wrap=True)
    files = translate("1 file") if len(mended) == 1 else translate("%(count)s files") % {"count": len(mended)}
    if not yes:
        confirm(translate("Change %(files)s?") % {"files": files})
    for one in mended:
        write_mended(one)
    face.error_console.print(
        translate("Changed: %(files)s of %(issue)s.") % {"files": files, "issue": context.issue.slug}
    )
    return True


def _difference(one: "Mended") -> Iterator[str]:
    before, after = one.before.splitlines(), one.after.splitlines()
    yield from difflib.unified_diff(before, after, one.name, one.name, lineterm="", n=1)


def _style(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "bold"
    return {"-": "red", "+": "green", "@": "dim"}.get(line[:1], "")
