"""Templates as folders: manifest, theme and translations.

What templates share stands in `templates/shared`: parts, theme and translations. A template's own go before those.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from newsletter.errors import Place, TemplateError, raise_all
from newsletter.media import Reference
from newsletter.render.dates import OWN_FORMS
from newsletter.render.environment import MAIN_FILE, Environment
from newsletter.render.logo import find_logos
from newsletter.render.theme import Theme, read_theme
from newsletter.render.translations import SHARED, Translations, adding_language, own_words, read_translations
from newsletter.workspace import has_file

_SOURCES: Final = ("*.toml", "*.j2", "*.po", "*.css")


class Manifest(BaseModel):
    """`template.toml`: what a template is and what it can show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    languages: tuple[str, ...] = Field(min_length=1)
    layouts: tuple[str, ...] = Field(min_length=1)
    kinds: dict[str, tuple[Literal["article", "event", "publication"], ...]] = {}
    """What a layout can show; one that is not named here shows every kind of item."""
    sections: tuple[str, ...] = ()
    """The layouts that a new issue begins with, in order; all of them if none is named."""

    @field_validator("sections")
    @classmethod
    def _check_sections(cls, sections: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        layouts = info.data.get("layouts", sections)
        unknown = next((layout for layout in sections if layout not in layouts), None)
        if unknown is not None:
            problem = "{layout} is none of the layouts"
            raise PydanticCustomError("unknown_layout", problem, {"layout": repr(unknown)})
        return sections

    @property
    def first_layouts(self) -> tuple[str, ...]:
        """The layouts of a new issue's sections."""
        return self.sections or self.layouts


@dataclass(frozen=True)
class Template:
    """One template, read whole."""

    name: str
    folders: tuple[Path, ...]
    """Its own first, then the shared one."""
    manifest: Manifest
    theme: Theme
    logos: Mapping[str, Reference]
    """The files of the theme's logo, by the ground that they are shown on: light or dark."""
    digest: str
    """Of all its files and all shared ones."""
    _environments: dict[tuple[str, bool], Environment] = field(default_factory=dict)

    @property
    def paper(self) -> str:
        """The colour that pictures stand on."""
        return self.theme.colors.get("paper", "#ffffff")

    def environment(self, language: str, *, tracing: bool = False) -> Environment:
        """Give the sandbox for one language, with its templates compiled once.

        Raises:
            TemplateError: The template does not speak that language.
        """
        found = self._environments.get((language, tracing))
        if found is None:
            words = self.translations(language)
            found = Environment(self.folders, self.theme.values(), words, digest=self.digest, tracing=tracing)
            self._environments[language, tracing] = found
        return found

    def translations(self, language: str) -> Translations:
        """Read the template's words in one language, with the shared ones and our own behind them."""
        if language.partition("-")[0] not in self.manifest.languages and language not in self.manifest.languages:
            raise TemplateError(
                f"the template {self.name!r} has no words in the language {language!r}",
                where=Place(file=f"templates/{self.name}/template.toml", field="languages"),
                remedy=f"It has: {', '.join(self.manifest.languages)}. {adding_language(language)}",
            )
        return read_translations([folder / "translations" for folder in reversed(self.folders)], language)

    def missing_words(self, language: str) -> Mapping[str, Place]:
        """Give the words that a language lacks, the template's and our own, and a place where each is asked for."""
        translations = self.translations(language)
        if translations.locale.language == "en":
            return {}
        asked = {**own_words(), **self.environment(language).words()}
        return {word: place for word, place in asked.items() if word not in OWN_FORMS and not translations.knows(word)}


def load_template(folder: Path) -> Template:
    """Read a template's manifest and theme.

    Raises:
        TemplateError: A file is missing, or not what was expected; or the colours cannot be read on one another.
    """
    name = folder.name
    if name == SHARED or not has_file(folder / MAIN_FILE):
        raise TemplateError(
            f"there is no template called {name!r}",
            where=Place(file=f"templates/{name}/{MAIN_FILE}"),
            remedy=_known_templates(folder.parent),
        )
    shared = folder.parent / SHARED
    folders = (folder, shared) if shared.is_dir() else (folder,)
    try:
        manifest = Manifest.model_validate(_read_toml(folder, "template.toml"))
    except ValidationError as error:
        raise_all(
            TemplateError(
                problem["msg"],
                where=Place(file=f"templates/{name}/template.toml", field=".".join(map(str, problem["loc"]))),
                remedy="See docs/templates.md for what a manifest holds.",
            )
            for problem in error.errors()
        )
        raise
    return assemble_template(name, folders, manifest)


def assemble_template(name: str, folders: tuple[Path, ...], manifest: Manifest) -> Template:
    """Put a template together from folders, of which the first goes before those behind it.

    Raises:
        TemplateError: The theme cannot be read, or its colours not on one another.
    """
    return Template(name, folders, manifest, read_theme(folders[::-1]), find_logos(folders[::-1]), _digest(folders))


def template_names(folder: Path) -> tuple[str, ...]:
    """Name the templates that lie in a folder."""
    found = (path.parent.name for path in folder.glob(f"*/{MAIN_FILE}") if path.is_file())
    return tuple(sorted(name for name in found if name != SHARED))


def _read_toml(folder: Path, file: str) -> dict[str, Any]:
    place = Place(file=f"templates/{folder.name}/{file}")
    try:
        return tomllib.loads((folder / file).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TemplateError(
            "the file is missing", where=place, remedy="Copy it from templates/bulletin and change it."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"this is not TOML: {error}", where=place, remedy="Mend that line.") from error


def _known_templates(folder: Path) -> str:
    known = template_names(folder)
    return f"There are: {', '.join(known)}." if known else "Make one with 'newsletter template new NAME'."


def _digest(folders: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for pattern in _SOURCES:
            for path in sorted(folder.rglob(pattern)):
                digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
