"""Puts the repository's own workspace into the wheel, as what `newsletter init` copies.

An editable installation needs none of it: there the files lie beside the package already.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STARTER = {
    "newsletter.toml": "newsletter/starter/newsletter.toml",
    "terms.yaml": "newsletter/starter/terms.yaml",
    "templates": "newsletter/starter/templates",
    "issues": "newsletter/starter/issues",
    "subscribers": "newsletter/starter/subscribers",
    ".gitignore": "newsletter/starter/gitignore",
}


class StarterHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the files of a new workspace."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update(STARTER)
