"""Everything that pages say is there in every language, and nothing that no page says."""

import re

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from newsletter.dispatch import State
from newsletter.providers.base.feedback import EventKind
from newsletter.subscribers import Act, Method
from newsletter.web.languages import FOLDER, LANGUAGES, accepted
from newsletter.web.showing import FOLDER as PAGES

PYTHON = sorted(FOLDER.parent.glob("**/*.py"))
_SAID = re.compile(r'"([A-Z%][^"\n]*)"|\'([A-Z%][^\'\n]*)\'')


def said_by_pages() -> set[str]:
    found: set[str] = set()
    for page in PAGES.glob("*.j2"):
        with page.open("rb") as file:
            options = {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}
            for _, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), [], options):
                if message:
                    found.add(message if isinstance(message, str) else next(part for part in message if part))
    return found


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_catalogue_has_what_is_said_and_nothing_else(language: str) -> None:
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = {
            message.id if isinstance(message.id, str) else message.id[0]: message
            for message in read_po(file, abort_invalid=True)
            if message.id
        }
    assert said_by_pages() - catalogue.keys() == set()
    assert {one.value for one in (*Act, *Method, *State, *EventKind)} - catalogue.keys() == set()
    source = "".join(path.read_text(encoding="utf-8") for path in PYTHON)
    spare = (
        {one for one in catalogue if one[0].isupper()}
        - said_by_pages()
        - {one for pair in _SAID.findall(source) for one in pair}
    )
    assert spare == set()
    for name, message in catalogue.items():
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms)
        places = set(re.findall(r"%\((\w+)\)s", name))
        assert all(set(re.findall(r"%\((\w+)\)s", form)) == places for form in forms), name


@pytest.mark.parametrize(
    ("header", "language"),
    [("", None), ("de, fr;q=0.5", None), ("EN-gb;q=0.4, nl-BE;q=0.7", "nl"), ("en;q=x, nl;q=0.1", "nl")],
)
def test_the_language_is_that_which_a_browser_likes_best(header: str, language: str | None) -> None:
    assert accepted(header) == language
