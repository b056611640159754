"""What a provider must offer, and the outcomes it reports.

A provider is a module beside this folder (or behind an entry point `newsletter.providers`) with two names:

- `Settings`: a subclass of `ProviderSettings`, the table `[providers.<name>]` of `newsletter.toml`;
- `open(settings)`: an asynchronous context manager that yields a `Provider`.

One that leaves something to look at may have a third: `index_page(settings)`, the path of a page for people. One that
can be asked how we stand with it has `inspect(settings)`, which sends no message and gives an `Inspection`. One that
signs messages with keys of known names has `DKIM_SELECTORS`, those names; one that signs them here, with keys of ours,
has `signing_keys(settings)`, which gives these keys. One that sends nothing to anybody has `STAYS_HERE = True`, and is
not slowed down for the sake of readers' mail systems. One that reports by webhook what becomes of messages has
`read_webhook(request, settings, fetch)`: see `feedback`.

The modules in this folder carry messages for those whose way in is an API over HTTP: `submission` hands them over
(`api` is what it must be told), `letters`, `grouping` and `replies` make requests and read what is answered; `webhooks`
checks and cleans what is reported later, and `faults` and `amazon` say whom it blames.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from newsletter.message import Content, DeliveryKey, Mailbox

INSPECTION_SECONDS: Final = 20.0
"""How long one answer may take when a provider is only asked: a person is waiting."""


class ProviderSettings(BaseModel):
    """A provider's own settings.

    Validated with a context that holds `root`, the workspace's folder, which relative paths start from;
    `public_url`, the base of its links, with a slash at the end; `media_url`, that of its published pictures, and
    `media`, the folder that they lie in; `language`; and `sender_domain`. Secrets are `SecretStr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider can bear.

    Attributes:
        batch: The most messages that one call to it carries; what one lost reply leaves in doubt.
        concurrency: How many calls may be under way at once, or intended to be.
        message_bytes: The largest message, or None where it does not say.
    """

    batch: int = 1
    concurrency: int = 1
    message_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """How we stand with a provider that was asked, and that let us in.

    Attributes:
        server: What answered, as people name it.
        logged_in: It knows who we are.
        is_private: Nobody else can read along: the connection is encrypted, or stays on this machine.
        certificate_ends: When the certificate that it showed runs out, or None where that is not known.
        message_bytes: The largest message that it takes, or None where it does not say.
        clock: What it believes the time to be, or None where it does not say.
        missing: Permissions that we need and do not have.
        needless: Permissions that we have and do not need.
        faults: What keeps us from sending as we should, to what to do about it.
    """

    server: str
    logged_in: bool
    is_private: bool
    certificate_ends: datetime | None = None
    message_bytes: int | None = None
    clock: datetime | None = None
    missing: frozenset[str] = frozenset()
    needless: frozenset[str] = frozenset()
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SharedParts:
    """What many messages have in common, for providers that fill in placeholders themselves.

    `subject`, `html` and `text` hold placeholders: alphanumeric tokens that occur nowhere else, the keys of
    `PersonalParts.values`. `headers` are those equal for all. Messages whose parts are the same object may
    travel in one call.
    """

    sender: Mailbox
    reply_to: Mailbox | None
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PersonalParts:
    """What is one reader's own: placeholder to value, escaped for its place already; and headers.

    Header values are unfolded and may be non-ASCII; the provider encodes them.
    """

    values: Mapping[str, str]
    headers: Mapping[str, str]


class Message(Protocol):
    """One recipient's message; its bytes are made when a provider asks for them, and not before."""

    @property
    def key(self) -> DeliveryKey:
        """The delivery's key: opaque, unique, without personal data."""

    @property
    def envelope_sender(self) -> str:
        """The return path, an ASCII address."""

    @property
    def recipient(self) -> Mailbox:
        """Whom it goes to."""

    def raw(self) -> bytes:
        """Merge the whole message: CRLF line ends, 7-bit, not dot-stuffed."""

    def merged(self) -> Content:
        """Merge the whole message, as `raw` does, and tell what need not be looked for in it."""

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        """Give the message as common parts and this reader's values."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took responsibility. Not the same as delivered."""

    key: DeliveryKey
    reference: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Refused for now; it was certainly not taken."""

    key: DeliveryKey
    reply: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good; it was certainly not taken."""

    key: DeliveryKey
    reply: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Handed over, but the reply was not read or does not tell."""

    key: DeliveryKey
    reply: str


Outcome: TypeAlias = Accepted | Deferred | Rejected | Uncertain


class Intend(Protocol):
    """Asks for intents: see `Provider.submit`."""

    def __call__(self, keys: Sequence[DeliveryKey], *, ahead: bool = False) -> Awaitable[frozenset[DeliveryKey]]:
        """Ask which of some messages may be handed over.

        Args:
            ahead: Nothing waits for the answer yet, so that it may take a moment longer. What it gives is in doubt
                from then on, as everything that is intended.
        """


class Provider(Protocol):
    """An open way into a mail system, owned by one event loop."""

    @property
    def limits(self) -> Limits:
        """What it can bear."""

    def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        """Hand over messages and yield one outcome for each one handed over, in any order.

        Awaits `intend(keys)` before writing the octet that completes those messages (SMTP: the final dot;
        HTTP: the request) and hands over only the keys returned: a reader may have left, the dispatch been
        paused, the lease lost. A key withheld gets no outcome. A kill thus leaves only intended deliveries in
        doubt. A definite refusal before that point (a bad recipient) needs no `intend`. A reply that was not
        read is `Uncertain`, not an exception.

        Raises:
            ProviderError: It refuses us as a sender (credentials, quota, policy), or cannot be reached. The
                dispatch stops and can be resumed; no reader is blamed. Outcomes already known are yielded
                before it is raised.

        Source: RFC 5321 §4.5.3.2.6 and §6.1; RFC 1047.
        """


class ProviderModule(Protocol):
    """What `plugins.load("providers", name)` gives."""

    Settings: type[ProviderSettings]

    def open(self, settings: Any, /) -> AbstractAsyncContextManager[Provider]:
        """Open the provider.

        Raises:
            ProviderError: It cannot be reached or refuses us.
        """
