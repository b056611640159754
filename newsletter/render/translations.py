"""The words of templates and of the text part, in the language of an issue.

A template brings its own gettext catalogues (`translations/<language>.po`); our own stand behind them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from newsletter.errors import Place, TemplateError

OWN_FOLDER = Path(__file__).with_name("words")


@dataclass(frozen=True, slots=True)
class Translations:
    """The words of one language.

    Args:
        locale: How dates, numbers and plurals are written.
        words: From the English words to one translation, or to one per plural form.
    """

    locale: Locale
    words: Mapping[str, tuple[str, ...]]

    def gettext(self, message: str) -> str:
        """Translate, or give the message itself."""
        found = self.words.get(message)
        return found[0] if found and found[0] else message

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Translate what counts something."""
        found = self.words.get(singular)
        form = 0 if number == 1 else 1
        return found[form] if found and len(found) > form else (singular, plural)[form]


def read_translations(folder: Path, language: str) -> Translations:
    """Read the catalogues of a language: a template's, and behind it our own.

    Args:
        folder: A template's `translations`.
        language: A BCP 47 tag; a region that has no catalogue of its own falls back on its language.

    Raises:
        TemplateError: A catalogue cannot be read.
    """
    words: dict[str, tuple[str, ...]] = {}
    base = language.partition("-")[0]
    for place in (OWN_FOLDER, folder):
        for tag in dict.fromkeys((base, language)):
            words.update(_read(place / f"{tag}.po"))
    return Translations(Locale.parse(language, sep="-"), words)


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            catalog: Catalog = read_po(file, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise TemplateError(
            f"the catalogue cannot be read: {error}",
            where=Place(file=f"templates/{path.parent.parent.name}/translations/{path.name}"),
            remedy="Mend it with a gettext editor such as Poedit.",
        ) from error
    words: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        if not message.id or not message.string:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        words[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return words
