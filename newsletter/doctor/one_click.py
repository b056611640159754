"""Readers can leave with one click of a button in their mail program.

The mail system of a reader then posts `List-Unsubscribe=One-Click` to the address in the message, in either of two
forms, without a cookie, and expects success at once: not a redirect, not a page that asks. The check does the same
with an address that belongs to nobody, so that nobody is taken off; a site must answer it as it answers any other.

Source: RFC 8058 §3.1 and §3.2.
"""

from collections.abc import Sequence
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, warning
from newsletter.probing import Answer, Unreachable

NEEDS_NETWORK: Final = True

TOKEN: Final = "doctor"  # noqa: S105 - it opens nothing
"""What stands in the place of a reader's token."""

_FORMS: Final = {
    "application/x-www-form-urlencoded": b"List-Unsubscribe=One-Click",
    "multipart/form-data; boundary=one-click": b"\r\n".join(
        (
            b"--one-click",
            b'Content-Disposition: form-data; name="List-Unsubscribe"',
            b"",
            b"One-Click",
            b"--one-click--",
            b"",
        )
    ),
}


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Post to the address for leaving, once in each form."""
    url = f"{surroundings.settings.public_url}leave/{TOKEN}"
    found = []
    for form, content in _FORMS.items():
        try:
            answer = await surroundings.web.ask("POST", url, headers={"content-type": form}, content=content)
        except Unreachable as error:
            return [warning(f"one click to leave cannot be tried: {error.message}", error.remedy)]
        found.append(_judge(url, form.partition(";")[0], answer))
    return list(dict.fromkeys(found))


def _judge(url: str, form: str, answer: Answer) -> Observation:
    if answer.is_good:
        return fine(f"one click to leave works at {url} ({form})")
    if answer.onward is not None:
        return problem(
            f"one click to leave is led on to {answer.onward}, where mail systems do not follow",
            "Have the site answer it where it is; set public_url to where the site really is.",
        )
    if answer.status == 404:
        return warning(f"there is no page for leaving at {url}", "Set up the site before you send.")
    return problem(
        f"one click to leave is refused at {url}: {answer.status} ({form})",
        "Have the site take it without cookie, login or token against forgery.",
    )
