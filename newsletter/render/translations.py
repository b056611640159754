"""The words of templates and of the text part, in the language of an issue.

A template brings its own gettext catalogues (`translations/<language>.po`); the shared ones and our own stand behind
them. A language may be spoken in a manner of its own, said by a private subtag: `nl-x-informal` has the words in which
informal Dutch differs, and Dutch stands behind it.
"""

import gettext
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from newsletter.errors import Place, TemplateError
from newsletter.render.ranges import comma

OWN_FOLDER: Final = Path(__file__).with_name("words")
SHARED: Final = "shared"
"""The folder beside the templates that holds what they share."""
_PRIVATE: Final = "-x-"


@dataclass(frozen=True, slots=True)
class Translations:
    """The words of one language.

    Args:
        locale: How dates, numbers and plurals are written.
        words: From the English words to one translation, or to one per plural form.
    """

    locale: Locale
    words: Mapping[str, tuple[str, ...]]
    plural_form: Callable[[int], int] = lambda number: int(number != 1)
    """Which of several forms a number takes."""

    @property
    def tag(self) -> str:
        """The language as a tag that every program knows, without its manner."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """How the language is written: ltr or rtl."""
        return "rtl" if self.locale.character_order == "right-to-left" else "ltr"

    @property
    def comma(self) -> str:
        """What stands between the parts of a list, with its space."""
        return comma(self.locale)

    def knows(self, message: str) -> bool:
        """Whether a catalogue has words for a message."""
        return bool(self.words.get(message, ("",))[0])

    def gettext(self, message: str) -> str:
        """Translate, or give the message itself."""
        found = self.words.get(message)
        return found[0] if found and found[0] else message

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Translate what counts something."""
        found = self.words.get(singular)
        if found is None or len(found) == 1:
            return singular if number == 1 else plural
        return found[min(self.plural_form(number), len(found) - 1)]


def read_translations(folders: Sequence[Path], language: str) -> Translations:
    """Read the catalogues of a language: our own, and over them those of folders.

    Args:
        folders: Each holds `<language>.po`; what a later one says goes before what an earlier one says.
        language: A BCP 47 tag; a region or manner that has no catalogue of its own falls back on its language.

    Raises:
        TemplateError: A catalogue cannot be read, or nobody knows how to write dates in that language.
    """
    locale = _locale(language)
    catalogs = [
        catalog
        for tag in dict.fromkeys((language.partition("-")[0], language.partition(_PRIVATE)[0], language))
        for folder in (OWN_FOLDER, *folders)
        if (catalog := _read(folder / f"{tag}.po")) is not None
    ]
    words: dict[str, tuple[str, ...]] = {}
    for catalog in catalogs:
        words.update(_words(catalog))
    if not catalogs:
        return Translations(locale, words)
    return Translations(locale, words, gettext.c2py(catalogs[0].plural_expr))


def own_words() -> Mapping[str, Place]:
    """Give every word of our own, of dates, the text part and calendar files, and a place where it stands."""
    path = OWN_FOLDER / "nl.po"
    return {
        message.id if isinstance(message.id, str) else message.id[0]: Place(
            f"newsletter/render/words/{path.name}", message.lineno
        )
        for message in _read(path) or ()
        if message.id
    }


def adding_language(language: str) -> str:
    """Say how a template learns a language."""
    return (
        f"To add one, copy templates/{SHARED}/translations/nl.po to {language.partition('-')[0]}.po, translate it, and "
        "name the language in template.toml; 'newsletter template check' then names what it lacks (docs/templates.md)."
    )


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.partition(_PRIVATE)[0], sep="-")
    except (ValueError, UnknownLocaleError) as error:
        raise TemplateError(
            f"nobody knows how to write dates in the language {language!r}",
            remedy="Write a tag such as nl, en-GB or nl-x-informal in issue.yaml or newsletter.toml.",
        ) from error


def _read(path: Path) -> Catalog | None:
    """Read a catalogue; the same one once, for as long as its file stays as it is. Nobody may change it."""
    if not path.is_file():
        return None
    state = path.stat()
    return _read_file(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _read_file(path: Path, _changed: int, _size: int) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise TemplateError(
            f"the catalogue cannot be read: {error}",
            where=Place(file=f"templates/{path.parent.parent.name}/translations/{path.name}"),
            remedy="Mend it with a gettext editor such as Poedit.",
        ) from error


def _words(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        if not message.id or not message.string:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        words[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return words
