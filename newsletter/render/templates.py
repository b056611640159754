"""Templates as folders: manifest, theme and translations."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from newsletter.errors import Place, TemplateError, raise_all
from newsletter.render.environment import MAIN_FILE, Environment
from newsletter.render.translations import Translations, read_translations

_SOURCES = ("*.toml", "*.j2", "*.po", "*.css")


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
    folder: Path
    manifest: Manifest
    theme: Mapping[str, Any]
    digest: str
    _environments: dict[tuple[str, bool], Environment] = field(default_factory=dict)

    def environment(self, language: str, *, tracing: bool = False) -> Environment:
        """Give the sandbox for one language, with its templates compiled once.

        Raises:
            TemplateError: The template does not speak that language.
        """
        found = self._environments.get((language, tracing))
        if found is None:
            found = Environment(self.folder, self.theme_values, self.translations(language), tracing=tracing)
            self._environments[language, tracing] = found
        return found

    def translations(self, language: str) -> Translations:
        """Read the template's words in one language, with our own behind them."""
        if language.partition("-")[0] not in self.manifest.languages and language not in self.manifest.languages:
            raise TemplateError(
                f"the template {self.name!r} has no words in the language {language!r}",
                where=Place(file=f"templates/{self.name}/template.toml", field="languages"),
                remedy=f"It has: {', '.join(self.manifest.languages)}.",
            )
        return read_translations(self.folder / "translations", language)

    @cached_property
    def theme_values(self) -> SimpleNamespace:
        """The theme as templates see it: `theme.colors.ink`."""
        return cast("SimpleNamespace", _namespace(self.theme))


def load_template(folder: Path) -> Template:
    """Read a template's manifest and theme.

    Raises:
        TemplateError: A file is missing, or not what was expected.
    """
    name = folder.name
    if not (folder / MAIN_FILE).is_file():
        raise TemplateError(
            f"there is no template called {name!r}",
            where=Place(file=f"templates/{name}/{MAIN_FILE}"),
            remedy=_known_templates(folder.parent),
        )
    theme = _read_toml(folder, "theme.toml")
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
    return Template(name, folder, manifest, theme, _digest(folder))


def _namespace(value: Any) -> Any:
    if isinstance(value, Mapping):
        return SimpleNamespace(**{key: _namespace(inner) for key, inner in value.items()})
    return value


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
    known = sorted(path.parent.name for path in folder.glob(f"*/{MAIN_FILE}") if path.is_file())
    return f"There are: {', '.join(known)}." if known else "Make one in templates/; see docs/templates.md."


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(folder.rglob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
