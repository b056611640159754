"""The theme of templates: colours for light and dark, type and measures; what cannot be read is refused.

A theme is one file, `theme.toml`. That of `templates/shared` holds for every template; what a template's own file
says is laid over it.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from newsletter.errors import NewsletterError, Place, TemplateError, raise_all
from newsletter.render.contrast import LARGE_TEXT, SMALL_TEXT, contrast
from newsletter.settings import find_keys

THEME_FILE: Final = "theme.toml"
_Path: TypeAlias = tuple[str | int, ...]


def is_file(source: str) -> bool:
    """Whether a logo is a file beside the theme, and no address."""
    return source.startswith(("./", "../"))


def _check_address(text: str) -> str:
    if "://" in text and not text.startswith("https://"):
        raise ValueError("a picture is fetched by https only")
    return text


Colour: TypeAlias = Annotated[str, StringConstraints(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
Pixels: TypeAlias = Annotated[int, Field(ge=0, le=200, strict=True)]
Address: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_check_address)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Logo(_Table):
    """A logo, shown before the newsletter's name or instead of it.

    An address is whole, or begins at the public site. What begins with a dot is a file, seen from the theme's folder.
    """

    light: Address
    dark: Address | None = None
    """On a dark ground; without one the logo keeps a light plate behind it."""
    alt: str
    width: Annotated[int, Field(gt=0, le=560)]
    height: Annotated[int, Field(gt=0, le=400)] | None = None
    """That of a file follows from its width."""

    @model_validator(mode="after")
    def _check_height(self) -> Self:
        if self.height is None and not is_file(self.light):
            raise ValueError("the height of a logo that is an address has to be told: height = 40")
        return self


class Pair(_Table):
    """Two colours that text is read by.

    Args:
        where: What is written so.
        large: Only text from 24 pixels, or from 18.66 where it is bold.
    """

    text: str
    ground: str
    where: str = ""
    large: bool = False


class Theme(_Table):
    """`theme.toml`. Colours, fonts and measures may have any name; the shared parts use those of the shared theme."""

    colors: dict[str, Colour] = {}
    dark: dict[str, Colour] = {}
    """For readers who like it dark; each has the name of one in `colors`."""
    fonts: dict[str, str] = {}
    spacing: dict[str, Pixels] = {}
    radius: dict[str, Pixels] = {}
    logo: Logo | None = None
    pairs: tuple[Pair, ...] = ()
    """Pairs of a template's own parts, held to the same contrast as those of the shared ones."""

    def values(self) -> SimpleNamespace:
        """Give the theme as templates see it: `theme.colors.ink`."""
        return SimpleNamespace(**{name: _value(getattr(self, name)) for name in type(self).model_fields})


SHARED_PAIRS: Final = (
    Pair(text="ink", ground="paper", where="headlines"),
    Pair(text="text", ground="paper", where="text"),
    Pair(text="muted", ground="paper", where="bylines and facts"),
    Pair(text="link", ground="paper", where="links"),
    Pair(text="signal", ground="paper", where="kickers and months"),
    Pair(text="alarm", ground="paper", where="full, moved, cancelled"),
    Pair(text="ink", ground="quote", where="quotes"),
    Pair(text="text", ground="quote", where="notes and facts on a tinted ground"),
    Pair(text="muted", ground="quote", where="who said it"),
    Pair(text="link", ground="quote", where="links on a tinted ground"),
    Pair(text="alarm", ground="quote", where="full, moved, cancelled on a tinted ground"),
    Pair(text="signal", ground="quote", where="the month of an announced event"),
    Pair(text="muted", ground="page", where="the footer"),
    Pair(text="link", ground="page", where="links of the footer"),
    Pair(text="paper", ground="ink", where="buttons"),
)
"""The pairs that the shared parts use."""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """One theme file: what it says, and where it says what."""

    path: Path
    file: str
    theme: Theme
    said: Mapping[str, Any]
    keys: Mapping[_Path, Place]

    def place(self, *path: str | int) -> Place:
        """Give the place of a key, or of what it stands in."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.keys:
                return self.keys[path[:length]]
        return Place(file=self.file)


def read_theme(folders: Sequence[Path]) -> Theme:
    """Read a theme and hold its colours against each other.

    Args:
        folders: Of templates: what a later one's theme says goes before what an earlier one's says. One that has no
            theme adds nothing.

    Raises:
        TemplateError: A file is not what was expected, or text could not be read on its ground; names line and column.
    """
    sources = read_theme_files(folders)
    merged = Theme.model_validate(_laid_over([source.said for source in sources]))
    raise_all([*_strangers(merged, sources), *_faint(merged, sources)])
    return merged


def read_theme_files(folders: Sequence[Path]) -> list[ThemeFile]:
    """Read the themes of some folders, each by itself.

    Raises:
        TemplateError: One is not what was expected; names line and column.
    """
    return [_read(folder / THEME_FILE, folder.name) for folder in folders if (folder / THEME_FILE).is_file()]


def _read(path: Path, template: str) -> ThemeFile:
    file = f"templates/{template}/{THEME_FILE}"
    try:
        text = path.read_text(encoding="utf-8")
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"this is not TOML: {error}", where=Place(file=file), remedy="Mend that line.") from error
    keys = {path: Place(file, key.line, key.column) for path, key in find_keys(text).items()}
    try:
        theme = Theme.model_validate(said)
    except ValidationError as error:
        source = ThemeFile(path, file, Theme(), said, keys)
        raise_all(_misread(problem, source) for problem in error.errors())
        raise
    return ThemeFile(path, file, theme, said, keys)


def _misread(problem: Any, source: ThemeFile) -> TemplateError:
    path = tuple(problem["loc"])
    where = source.place(*path)
    if problem["type"] == "string_pattern_mismatch":
        return TemplateError(
            f"{problem['input']!r} is not a colour", where=where, remedy="Write it as #rgb or #rrggbb, such as #10243d."
        )
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(str(path[-1]), _known(path), n=1)
        return TemplateError(
            f"{path[-1]!r} is not known in a theme",
            where=where,
            remedy=f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(_known(path))}.",
        )
    message = problem["msg"].removeprefix("Value error, ")
    return TemplateError(
        f"{'.'.join(map(str, path))}: {message[:1].lower()}{message[1:]}",
        where=where,
        remedy="See docs/templates.md for what a theme holds.",
    )


def _known(path: _Path) -> list[str]:
    tables: dict[str, type[BaseModel]] = {"logo": Logo, "pairs": Pair}
    return list(tables.get(str(path[0]) if len(path) > 1 else "", Theme).model_fields)


def _laid_over(themes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for theme in themes:
        for name, value in theme.items():
            before = merged.get(name)
            if isinstance(before, dict) and isinstance(value, Mapping):
                merged[name] = {**before, **value}
            elif isinstance(before, list) and isinstance(value, list):
                merged[name] = [*before, *value]
            else:
                merged[name] = value
    return merged


def _strangers(theme: Theme, sources: Sequence[ThemeFile]) -> Iterator[NewsletterError]:
    """Find colours for the dark that are none in the light: a mistyped name, most likely."""
    for source in sources:
        for name in source.theme.dark:
            if name not in theme.colors:
                near = get_close_matches(name, theme.colors, n=1)
                yield TemplateError(
                    f"there is no colour {name!r} in [colors]",
                    where=source.place("dark", name),
                    remedy=f"Did you mean {near[0]!r}?" if near else "Name one of those there.",
                )


def _faint(theme: Theme, sources: Sequence[ThemeFile]) -> Iterator[NewsletterError]:
    for scheme, colours in (("colors", theme.colors), ("dark", theme.dark)):
        for pair in (*SHARED_PAIRS, *theme.pairs):
            if pair.text not in colours or pair.ground not in colours:
                continue
            reached = contrast(colours[pair.text], colours[pair.ground])
            needed = LARGE_TEXT if pair.large else SMALL_TEXT
            if reached < needed:
                yield _too_faint(pair, scheme, colours, (reached, needed), sources)


def _too_faint(
    pair: Pair, scheme: str, colours: Mapping[str, str], ratios: tuple[float, float], sources: Sequence[ThemeFile]
) -> TemplateError:
    reached, needed = ratios
    named = [(source, name) for source in reversed(sources) for name in (pair.text, pair.ground)]
    source, name = next((source, name) for source, name in named if name in getattr(source.theme, scheme))
    text, ground = colours[pair.text], colours[pair.ground]
    darker, lighter = sorted((pair.text, pair.ground), key=lambda one: contrast(colours[one], "#000"))
    shown = f" ({pair.where})" if pair.where else ""
    return TemplateError(
        f"{pair.text} {text} on {pair.ground} {ground}{shown} has a contrast of {int(reached * 100) / 100:.2f} : 1",
        where=source.place(scheme, name),
        remedy=f"It needs {needed} : 1. Make {darker} darker or {lighter} lighter.",
    )


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**value)
    return SimpleNamespace(**value.model_dump()) if isinstance(value, BaseModel) else value
