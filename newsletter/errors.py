"""Every error that a person may see, and the exit code each one ends a command with.

    NewsletterError            1
    ├── Problems               of its first: several errors found in one reading
    ├── WorkspaceError         3   no workspace here, or a path outside of it
    │   └── PluginError        3   no such provider, check, template or command
    ├── SettingsError          3   newsletter.toml or the environment
    ├── ContentError           4   an item, issue, list or segment file
    │   └── ExpressionError    4   a condition or value outside the small language
    ├── TemplateError          5   Jinja, MJML, theme or translation
    ├── SubscriberError        6   an address, an import row, a person unknown
    ├── StoreError             7   the database cannot be opened, read or written
    ├── ProviderError          8   the provider refuses us as a sender, or cannot be reached
    ├── DispatchError          9   the ledger does not allow what was asked
    ├── PreflightError        11   a check stops the issue
    ├── FetchError            12   a web address cannot be fetched, or may not be
    └── FeedbackError         13   what comes back cannot be read
        └── WebhookRefused    13   it was not made by whom it names

Exit code 2 is click's own for a wrong call; 10 says that a dispatch came to rest with deliveries still open;
130 says that a person stopped it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

EXIT_UNFINISHED = 10
EXIT_BLOCKED = 11
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file with line and column (both from 1), a row (from 1), a field."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        position = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        row = f"row {self.row}" if self.row is not None else ""
        return ", ".join(part for part in (position, row, self.field or "") if part)


NOWHERE = Place()


class NewsletterError(Exception):
    """Something is wrong, somewhere, and a person can do something about it.

    Args:
        message: What is wrong; one sentence without its final full stop.
        where: File, line, column, row or field.
        remedy: What to do about it; a sentence.
    """

    exit_code: int = 1

    def __init__(self, message: str, *, where: Place = NOWHERE, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = str(self.where)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}. {self.remedy}" if self.remedy else text


class Problems(NewsletterError):
    """Several errors found in one reading, so that a person can mend them in one go."""

    def __init__(self, errors: Iterable[NewsletterError]) -> None:
        self.errors = tuple(errors)
        super().__init__(f"{len(self.errors)} problems")
        self.exit_code = self.errors[0].exit_code if self.errors else 1

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class WorkspaceError(NewsletterError):
    """There is no workspace here, or a path leads out of it."""

    exit_code = 3


class PluginError(WorkspaceError):
    """No provider, check, template or command has that name, or it cannot be loaded."""


class SettingsError(NewsletterError):
    """A setting is missing, unknown or not what was expected."""

    exit_code = 3


class ContentError(NewsletterError):
    """An item, an issue, or a list or segment definition cannot be read or changed."""

    exit_code = 4


class ExpressionError(ContentError):
    """An expression is outside the small language, or its types do not fit."""


class TemplateError(NewsletterError):
    """A template, its theme or its translations cannot be rendered."""

    exit_code = 5


class SubscriberError(NewsletterError):
    """An address, a row of an import or a person is not as it should be."""

    exit_code = 6


class StoreError(NewsletterError):
    """The database cannot be opened, read or written."""

    exit_code = 7


class ProviderError(NewsletterError):
    """A provider refuses us as a sender, or cannot be reached; no reader is to blame."""

    exit_code = 8


class DispatchError(NewsletterError):
    """The ledger does not allow what was asked."""

    exit_code = 9


class PreflightError(NewsletterError):
    """A check has found something that stops the issue from being sent."""

    exit_code = EXIT_BLOCKED


FetchFault: TypeAlias = Literal[
    "refused-address",
    "scheme",
    "dns",
    "connection",
    "tls",
    "timeout",
    "status",
    "redirect-loop",
    "too-large",
    "too-many",
    "encoding",
]
"""Why a web address was not fetched; `status` means that the server answered with an error."""


class FetchError(NewsletterError):
    """A web address cannot be fetched, or may not be.

    Args:
        url: The address that was asked for.
        reason: What is wrong with it; no final full stop.
        status: What the server answered with, where `kind` is `status`.
        headers: Likewise, by their names in small letters.
    """

    exit_code = 12

    def __init__(
        self,
        url: str,
        kind: FetchFault,
        reason: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            f"{url} cannot be fetched: {reason}", remedy="Open it in a browser, and correct the address if it is wrong."
        )
        self.url = url
        self.kind = kind
        self.reason = reason
        self.status = status
        self.headers = dict(headers or {})


class FeedbackError(NewsletterError):
    """What comes back about messages, by mail or by webhook, cannot be read."""

    exit_code = 13


class WebhookRefused(FeedbackError):
    """A request was not made by the provider, is too old, or was changed on its way; nothing of it is kept."""


def raise_all(errors: Iterable[NewsletterError]) -> None:
    """Raise the one error there is, or several as `Problems`; do nothing when there is none."""
    found = tuple(one for error in errors for one in (error.errors if isinstance(error, Problems) else (error,)))
    if len(found) == 1:
        raise found[0]
    if found:
        raise Problems(found)
