"""The logo of a theme: an address as it stands, or a file beside the theme that is published as pictures are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Final

from newsletter.errors import Place
from newsletter.media import Collected, Reference
from newsletter.render.theme import ThemeFile, is_file, read_theme_files
from newsletter.render.views import shown_picture

_GROUNDS: Final = ("light", "dark")


def find_logos(folders: Sequence[Path]) -> Mapping[str, Reference]:
    """Find the files that a theme has for its logo, by the ground that they are shown on: light or dark.

    Args:
        folders: Of templates: what a later one's theme says goes before what an earlier one's says.
    """
    said: dict[str, tuple[str, ThemeFile]] = {}
    for theme in read_theme_files(folders):
        logo = theme.said.get("logo", {})
        said |= {ground: (logo[ground], theme) for ground in _GROUNDS if ground in logo}
    return {ground: _reference(source, ground, theme) for ground, (source, theme) in said.items() if is_file(source)}


def _reference(source: str, ground: str, theme: ThemeFile) -> Reference:
    folder = theme.path.parent

    def where() -> Place:
        return theme.place("logo", ground)

    return Reference(theme.file, source, "picture", folder / source, folder.parent, where, beside="theme")


def with_logo(theme: SimpleNamespace, logos: Mapping[str, Reference], collected: Collected) -> SimpleNamespace:
    """Give a theme whose logo has addresses only: those that its files are published at.

    A file that cannot be shown is noted as a problem of the rendering under way.

    Args:
        theme: As templates see it.
        logos: Its files, by ground.
    """
    if theme.logo is None or not logos:
        return theme
    logo = SimpleNamespace(**vars(theme.logo))
    for ground, file in logos.items():
        picture = shown_picture(collected, file.file, file.source, logo.width)
        if picture is not None:
            setattr(logo, ground, picture.url)
            logo.height = logo.height or picture.height
    return SimpleNamespace(**{**vars(theme), "logo": logo})
