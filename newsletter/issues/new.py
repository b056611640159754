"""Makes issues that only wait for items."""

import json
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final
from unicodedata import category

from babel import Locale, UnknownLocaleError

from newsletter.documents import written
from newsletter.errors import ContentError, Place
from newsletter.issues.files import ISSUE_FILE
from newsletter.workspace import Workspace, write_atomically

LONGEST_NAME: Final = 100

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_TEMPLATE: Final = re.compile(r"[A-Za-z0-9_-]+")
_NOT_IN_A_LINE: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))


def new_issue(
    workspace: Workspace,
    slug: str,
    *,
    subject: str,
    day: date,
    template: str,
    language: str,
    languages: Sequence[str],
    layouts: Sequence[str],
) -> Path:
    """Make an issue that only waits for items.

    Args:
        languages: Those that the template has words in.
        layouts: Of its sections, in order.

    Raises:
        ContentError: The name, the subject or the language will not do, or the name is taken.
    """
    name = f"issues/{slug}/{ISSUE_FILE}"
    _assert_name(slug, name)
    _assert_subject(subject, name)
    _assert_template(template, name)
    _assert_language(language, languages, name)
    target = workspace.issues / slug / ISSUE_FILE
    if target.exists():
        raise ContentError("there is such an issue already", where=Place(name), remedy="Choose another name.")
    words = "nl" if language.lower().partition("-")[0] == "nl" else "en"
    text = _SKELETON[words].format(
        subject=json.dumps(subject.strip(), ensure_ascii=False),
        day=day.isoformat(),
        template=written(template, flow=False),
        language=written(language, flow=False),
    )
    text += "\n".join(_section(layout, _TITLES[words]) for layout in layouts)
    write_atomically(target, text.encode())
    return target


def _assert_name(slug: str, name: str) -> None:
    if len(slug) > LONGEST_NAME:
        raise ContentError(
            f"a name of {len(slug)} characters is too long for an issue",
            where=Place(f"issues/{slug[:20]}…"),
            remedy=f"Use at most {LONGEST_NAME}.",
        )
    if not _NAME.fullmatch(slug):
        raise ContentError(
            f"{slug!r} is no name for an issue",
            where=Place(name),
            remedy="Use small letters, digits and hyphens, such as 2024-02-20-newsletter-12.",
        )


def _assert_subject(subject: str, name: str) -> None:
    if not subject.strip():
        raise ContentError("the subject is empty", where=Place(name, field="subject"), remedy="Write one.")
    if any(category(character) in _NOT_IN_A_LINE for character in subject):
        raise ContentError(
            "the subject has a line break or another character that no subject line can hold",
            where=Place(name, field="subject"),
            remedy="Write it on one line.",
        )


def _assert_template(template: str, name: str) -> None:
    if not _TEMPLATE.fullmatch(template):
        raise ContentError(
            f"{template!r} is no name for a template",
            where=Place(name, field="template"),
            remedy="Name a folder in templates/: letters, digits, hyphens and underscores.",
        )


def _assert_language(language: str, languages: Sequence[str], name: str) -> None:
    place = Place(name, field="language")
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ContentError(
            f"{language!r} is no language", where=place, remedy="Write a tag such as nl, en or nl-BE."
        ) from None
    if not {language, language.partition("-")[0]}.intersection(languages):
        raise ContentError(
            f"the template has no words in the language {language!r}",
            where=place,
            remedy=f"It has: {', '.join(languages)}. docs/templates.md tells how to add one, under Words.",
        )


def _section(layout: str, titles: dict[str, str]) -> str:
    title = "" if layout in _WITHOUT_TITLE else titles.get(layout, layout[:1].upper() + layout[1:])
    lines = [f"title: {written(title, flow=False)}"] if title else []
    lines += [f"layout: {written(layout, flow=False)}", "items: []"]
    return f"  - {lines[0]}\n" + "".join(f"    {line}\n" for line in lines[1:])


_WITHOUT_TITLE: Final = frozenset({"lead", "story"})

_TITLES: Final = {
    "nl": {"news": "Nieuws", "agenda": "Agenda", "publications": "Publicaties"},
    "en": {"news": "News", "agenda": "Agenda", "publications": "Publications"},
}

_SKELETON: Final = {
    "nl": """\
# De onderwerpregel. {{{{ subscriber.first_name }}}} mag erin staan.
subject: {subject}
# De regel die mailprogramma's achter het onderwerp tonen; 40 tot 90 tekens.
preheader: ""
# Het nummer van deze editie, als u nummert.
# number: 1
date: {day}
language: {language}
template: {template}

# Een of twee zinnen vooraf, in Markdown.
intro: ""

sections:
""",
    "en": """\
# The subject line. {{{{ subscriber.first_name }}}} may stand in it.
subject: {subject}
# The line that mail programs show behind the subject; 40 to 90 characters.
preheader: ""
# The number of this edition, if you number them.
# number: 1
date: {day}
language: {language}
template: {template}

# A sentence or two beforehand, in Markdown.
intro: ""

sections:
""",
}
