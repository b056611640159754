"""`terms.yaml`: how the network writes its own names and words, and what is to be avoided."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import BaseModel, ConfigDict, field_validator

from newsletter.documents import Text, read_yaml, validate
from newsletter.workspace import Workspace

TERMS_FILE: Final = "terms.yaml"


@dataclass(frozen=True)
class Term:
    """A word of the network's own.

    Args:
        preferred: As it is to be written.
        avoid: Other ways to write it. Capitals matter where a form differs from the preferred one in nothing else.
        why: A reason, shown with each finding.
    """

    preferred: str
    avoid: tuple[str, ...]
    why: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the forms to avoid, as whole words, the longest first."""
        forms = sorted(self.avoid, key=len, reverse=True)
        return re.compile("|".join(f"(?<![\\w-]){self._form(form)}(?![\\w-])" for form in forms))

    def _form(self, form: str) -> str:
        words = r"\s+".join(re.escape(word) for word in form.split())
        exact = form.casefold() == self.preferred.casefold()
        return words if exact else f"(?i:{words})"


class _TermMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    term: Text
    avoid: tuple[Text, ...]
    why: str = ""

    @field_validator("avoid")
    @classmethod
    def _check_avoid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("there is no form to avoid|Name at least one, or take the term out.|")
        return value


class _Terms(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: tuple[_TermMatter, ...] = ()


def read_terms(workspace: Workspace) -> tuple[Term, ...]:
    """Read the words of a workspace; none where it has no `terms.yaml`.

    Raises:
        ContentError: The file is not as it should be; names line and column.
    """
    path = workspace.root / TERMS_FILE
    if not path.is_file():
        return ()
    document = read_yaml(path, TERMS_FILE)
    if document.data is None:
        return ()
    return tuple(Term(one.term, one.avoid, one.why) for one in validate(_Terms, document).terms)
