"""Begins a template: short, working at once, and built on the shared parts."""

import re
from pathlib import Path
from typing import Final

from newsletter.errors import Place, TemplateError
from newsletter.render import SHARED
from newsletter.workspace import Workspace, write_atomically

_SKELETON: Final = Path(__file__).with_name("skeleton")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


def begin_template(workspace: Workspace, name: str) -> tuple[Path, ...]:
    """Copy the skeleton of a template.

    Args:
        name: Of its folder.

    Returns:
        The files made.

    Raises:
        TemplateError: The name will not do, there is a template of that name, or the shared parts are missing.
    """
    folder = workspace.templates / name
    where = Place(file=f"templates/{name}")
    if not _NAME.fullmatch(name):
        raise TemplateError(
            f"{name!r} cannot be the name of a folder here", remedy="Use letters, digits, hyphens and underscores."
        )
    if name == SHARED or folder.exists():
        raise TemplateError("this is there already", where=where, remedy="Nothing was written. Choose another name.")
    if not (workspace.templates / SHARED).is_dir():
        raise TemplateError(
            "there are no shared parts, which a new template is built on",
            where=Place(file=f"templates/{SHARED}"),
            remedy="Copy that folder from a new workspace: newsletter init.",
        )
    made = []
    for source in sorted(path for path in _SKELETON.rglob("*") if path.is_file()):
        target = folder / source.relative_to(_SKELETON)
        text = source.read_text(encoding="utf-8").replace("NAME", name.replace("-", " ").replace("_", " ").capitalize())
        write_atomically(target, text.encode())
        made.append(target)
    return tuple(made)
