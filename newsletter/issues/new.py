"""Makes issues that only wait for items."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Final

from newsletter.errors import ContentError, Place
from newsletter.issues.files import ISSUE_FILE
from newsletter.workspace import Workspace, write_atomically


def new_issue(workspace: Workspace, slug: str, *, subject: str, day: date, template: str, language: str) -> Path:
    """Make an issue that only waits for items.

    Raises:
        ContentError: The name will not do, or is taken.
    """
    name = f"issues/{slug}/{ISSUE_FILE}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug):
        raise ContentError(
            f"{slug!r} is no name for an issue",
            where=Place(name),
            remedy="Use small letters, digits and hyphens, such as 2024-02-20-newsletter-12.",
        )
    target = workspace.issues / slug / ISSUE_FILE
    if target.exists():
        raise ContentError("there is such an issue already", where=Place(name), remedy="Choose another name.")
    words = _SKELETON["nl" if language.startswith("nl") else "en"]
    text = words.format(
        subject=json.dumps(subject, ensure_ascii=False),
        day=day.isoformat(),
        template=template,
        language=language,
    )
    write_atomically(target, text.encode())
    return target


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
  - layout: lead
    items: []

  - title: Nieuws
    layout: news
    items: []

  - title: Agenda
    layout: agenda
    items: []

  - title: Publicaties
    layout: publications
    items: []
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
  - layout: lead
    items: []

  - title: News
    layout: news
    items: []

  - title: Agenda
    layout: agenda
    items: []

  - title: Publications
    layout: publications
    items: []
""",
}
