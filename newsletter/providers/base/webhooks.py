"""What webhooks have in common: how they prove who made them, and how what they say is read and cleaned.

Whatever a provider writes, or somebody in its name, nothing here raises anything but `WebhookRefused` (and
`SettingsError`, where it says so).
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import SecretStr

from newsletter.errors import Place, SettingsError, WebhookRefused
from newsletter.message import DeliveryKey, one_line
from newsletter.providers.base.feedback import EventKind, Fault, WebhookRequest
from newsletter.providers.base.replies import clean

AHEAD: Final = timedelta(minutes=5)
"""By how much a provider's clock may be ahead of ours."""
SECRET_HEADER: Final = "x-webhook-secret"  # noqa: S105
"""The field that may hold a secret, where a provider lets one name a field and not a login."""

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MILLISECONDS: Final = 100_000_000_000
"""A larger number counts milliseconds: in seconds it would be a year beyond 5000."""
_WORDS_READ: Final = 1_000
"""How much of what is said is looked at; far more than is kept, as addresses in it take room."""
_NAME_LENGTH: Final = 80
_ADDRESS_LENGTH: Final = 320
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)", re.ASCII)
_KEY: Final = re.compile(r"[a-z2-7]{26}")
_IN_MESSAGE_ID: Final = re.compile(r"\s*<?([a-z2-7]{26})@[^@\s]+\s*")

T = TypeVar("T")


class Meaning(NamedTuple):
    """What a provider's word stands for."""

    kind: EventKind
    fault: Fault | None = None


OTHER: Final = Meaning(EventKind.OTHER)


@dataclass(frozen=True, slots=True)
class Source:
    """Whose webhooks these are.

    Args:
        key: As settings name it: "sendgrid".
        name: As people write it.
    """

    key: str
    name: str

    @property
    def table(self) -> str:
        """Its settings, as in `newsletter.toml`."""
        return f"providers.{self.key}"

    def refuse(self, why: str, remedy: str = "") -> WebhookRefused:
        """Say why a request is refused."""
        return WebhookRefused(f"a webhook of {self.name} is refused: {why}", remedy=remedy)

    def needs(self, value: T | None, setting: str, remedy: str) -> T:
        """Give the value of a setting.

        Raises:
            SettingsError: It is not set.
        """
        if value is None:
            raise SettingsError(
                f"webhooks of {self.name} cannot be checked: {setting} is not set",
                where=Place(field=f"{self.table}.{setting}"),
                remedy=remedy,
            )
        return value

    def header(self, request: WebhookRequest, name: str) -> str:
        """Give the value of a field that every request of this provider has.

        Raises:
            WebhookRefused: It is missing.
        """
        value = request.headers.get(name, "")
        if not value:
            raise self.refuse(f"it has no field {name}")
        return value

    def read_document(self, text: bytes | str) -> Any:
        """Read JSON.

        Raises:
            WebhookRefused: It is none.
        """
        try:
            return json.loads(text.decode() if isinstance(text, bytes) else text)
        except (ValueError, RecursionError):
            raise self.refuse("it is not JSON that can be read") from None

    def read_object(self, text: bytes | str) -> dict[str, Any]:
        """Read JSON that is an object.

        Raises:
            WebhookRefused: It is none.
        """
        document = self.read_document(text)
        if not isinstance(document, dict):
            raise self.refuse("it does not hold what this provider writes")
        return document

    def read_objects(self, text: bytes | str) -> list[dict[str, Any]]:
        """Read JSON that is a list of objects, or one; what else is in the list is no event.

        Raises:
            WebhookRefused: It is neither.
        """
        document = self.read_document(text)
        if isinstance(document, dict):
            return [document]
        if not isinstance(document, list):
            raise self.refuse("it does not hold what this provider writes")
        return [one for one in document if isinstance(one, dict)]

    def check_age(self, sent: datetime | None, request: WebhookRequest, minutes: int) -> None:
        """Refuse what was made too long ago, or is not yet made.

        Args:
            sent: When it was made, as its signature covers it.
            minutes: How old it may be.

        Raises:
            WebhookRefused: It is too old, ahead of our time, or does not say.
        """
        if sent is None:
            raise self.refuse("it does not say when it was made")
        if sent > request.at + AHEAD:
            raise self.refuse(
                "it says that it was made later than now", "See whether the clock of this machine is right."
            )
        if sent < request.at - timedelta(minutes=minutes):
            raise self.refuse(
                f"it is more than {minutes} minutes old",
                f"See whether the clock of this machine is right; webhook_minutes in [{self.table}] is the limit.",
            )

    def check_secret(self, request: WebhookRequest, secret: SecretStr | None) -> None:
        """Check the secret that a provider without signatures sends along: a password, a token or a field of its own.

        Raises:
            WebhookRefused: It is missing or wrong.
            SettingsError: None is set.
        """
        variable = f"NEWSLETTER_{self.table.upper().replace('.', '__')}__WEBHOOK_SECRET"
        expected = self.needs(
            secret, "webhook_secret", f"Set {variable}, and name the same to {self.name}: see docs/webhooks.md."
        )
        given = _secret_of(request.headers)
        if given is None:
            raise self.refuse("it brings no secret", f"Have {self.name} send that of {variable} along.")
        if not same(given, expected.get_secret_value()):
            raise self.refuse("its secret is another", f"Name that of {variable} to {self.name}.")


def same(given: str, expected: str) -> bool:
    """Compare two texts in a time that tells nothing about them."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def read_base64(text: str) -> bytes | None:
    """Read base 64 in its one right form; None when it is not."""
    try:
        octets = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:
        return None
    return octets if base64.b64encode(octets).decode("ascii") == text else None


def read_seconds(text: object) -> datetime | None:
    """Read whole seconds since 1970, written in digits."""
    return from_epoch(int(text)) if isinstance(text, str) and _SECONDS.fullmatch(text) else None


def from_epoch(number: object) -> datetime | None:
    """Give the moment of a number of seconds since 1970, or of milliseconds; None when it is no moment."""
    if type(number) is not int and type(number) is not float:
        return None
    try:
        return datetime.fromtimestamp(number if number < _MILLISECONDS else number / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def from_iso(text: object) -> datetime | None:
    """Give the moment that a text names, in UTC where it names no zone; None when it names none."""
    if not isinstance(text, str) or len(text) > _NAME_LENGTH:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def happened(moment: datetime | None, request: WebhookRequest) -> datetime:
    """Give when something happened: what the source says, unless that cannot be true."""
    if moment is None or moment < _EARLIEST or moment > request.at + AHEAD:
        return request.at
    return moment


def find_status(*texts: str) -> str:
    """Find an enhanced status code, such as 5.1.1, in the first of some texts that holds one; empty if none does."""
    for text in texts:
        found = _STATUS.search(text)
        if found:
            return f"{found[1]}.{int(found[2])}.{int(found[3])}"
    return ""


def read_key(value: object) -> DeliveryKey | None:
    """Give a delivery's key, as we sent it; None for anything else."""
    return DeliveryKey(value) if isinstance(value, str) and _KEY.fullmatch(value) else None


def key_of_message_id(value: object) -> DeliveryKey | None:
    """Give the delivery's key that our Message-ID holds; None for that of anybody else."""
    found = _IN_MESSAGE_ID.fullmatch(value) if isinstance(value, str) and len(value) <= _ADDRESS_LENGTH else None
    return DeliveryKey(found[1]) if found else None


def inner(value: object) -> Mapping[str, Any]:
    """Give an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def each(value: object) -> list[Any]:
    """Give a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def words(*values: object) -> str:
    """Give the first of some texts that says something, in one short line without addresses."""
    for value in values:
        if isinstance(value, str) and (said := _said(value)):
            return said
    return ""


def name(value: object) -> str:
    """Give a provider's name for something: short, and without what no name holds."""
    if not isinstance(value, str):
        return ""
    # Nearly all names are plain, and this is called more often than anything else here.
    if len(value) <= _NAME_LENGTH and value.isascii() and value.isprintable() and "@" not in value and "%" not in value:
        return value
    return _said(value)[:_NAME_LENGTH]


def names(*values: object) -> str:
    """Join a provider's names for one thing, from the general to the special."""
    return "/".join([said for said in map(name, values) if said])


def address(value: object) -> str:
    """Give an address as it is named; empty when it can be none."""
    if not isinstance(value, str) or len(value) > _ADDRESS_LENGTH or "@" not in value:
        return ""
    return one_line(value)


def reference(value: object) -> str:
    """Give a provider's identifier of a message; empty when there is none."""
    return one_line(value) if isinstance(value, str) and len(value) <= _ADDRESS_LENGTH else ""


def _said(text: str) -> str:
    if len(text) <= _WORDS_READ:
        return clean(text)
    # The last word may be the half of an address, which nothing would know as such.
    return clean(text[:_WORDS_READ].rpartition(" ")[0])


def _secret_of(headers: Mapping[str, str]) -> str | None:
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        login = read_base64(credentials.strip()) or b""
        return login.decode("utf-8", "replace").partition(":")[2]
    return headers.get(SECRET_HEADER)
