"""Mail in a mailbox of an IMAP server, always over TLS.

Messages are looked at without being marked as seen. One that is kept gets a keyword of ours, so that a person who reads
the mailbox takes nothing away from us; only where a server keeps no keywords, being seen counts instead.

Source: RFC 9051 and 3501 (IMAP), RFC 8314 (TLS), RFC 4315 (UIDPLUS).
"""

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from newsletter.clock import now
from newsletter.errors import FeedbackError, Place
from newsletter.feedback.mail.mailboxes.base import MOST_READ, Incoming, identify

KEYWORD: Final = "NewsletterKept"
SEEN: Final = r"\Seen"
_INTERNAL_DATE: Final = re.compile(rb'INTERNALDATE "([^"]{1,40})"')


@dataclass(frozen=True, slots=True)
class ImapAccess:
    """Where an IMAP server is, and how to be let in.

    Args:
        tls: `implicit` from the first octet on (port 993), or by STARTTLS before the login (port 143).
        folder: The mailbox to read.
        ca_file: The certificate of who issued the server's, where the system does not know it.
        delete: Whether what is kept is taken out of the mailbox, instead of being marked.
        timeout: How many seconds one answer may take.
    """

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 993
    tls: Literal["implicit", "starttls"] = "implicit"
    folder: str = "INBOX"
    ca_file: Path | None = None
    delete: bool = False
    timeout: float = 60.0


@contextmanager
def open_imap(access: ImapAccess) -> Iterator["ImapMailbox"]:
    """Open a mailbox.

    Raises:
        FeedbackError: The server cannot be reached or refuses us, or there is no such mailbox.
    """
    with _telling(access):
        client = _connect(access)
    try:
        with _telling(access):
            _log_in(client, access)
            mailbox = _select(client, access)
        yield mailbox
    finally:
        try:
            client.logout()
        except (imaplib.IMAP4.error, OSError):
            with suppress(OSError):
                client.shutdown()


class ImapMailbox:
    """An open mailbox; see `open_imap`.

    Args:
        mark: The flag of what is kept.
        expunges: Whether the server can take out one message and leave the others that are marked as deleted.
    """

    def __init__(self, client: imaplib.IMAP4, access: ImapAccess, mark: str, *, expunges: bool) -> None:
        self._client = client
        self._access = access
        self._mark = mark
        self._expunges = expunges

    def waiting(self) -> Iterator[Incoming]:
        """Give every message that is not known to be kept, the oldest first."""
        wanted = "UNSEEN" if self._mark == SEEN else f"UNKEYWORD {self._mark}"
        with _telling(self._access):
            found = _check(self._client.uid("SEARCH", f"UNDELETED {wanted}"), "searched")
        for uid in sorted(_joined(found).split(), key=int):
            with _telling(self._access):
                incoming = self._fetch(uid.decode("ascii"))
            if incoming is not None:
                yield incoming

    def keep(self, incoming: Incoming) -> None:
        """Mark a message as kept, or take it out of the mailbox."""
        with _telling(self._access):
            flags = rf"({self._mark} \Deleted)" if self._access.delete else f"({self._mark})"
            _check(self._client.uid("STORE", incoming.place, "+FLAGS.SILENT", flags), "changed")
            # Without UIDPLUS everything that anybody has marked as deleted would go; whoever else uses it decides then.
            if self._access.delete and self._expunges:
                _check(self._client.uid("EXPUNGE", incoming.place), "changed")

    def _fetch(self, uid: str) -> Incoming | None:
        parts = _check(self._client.uid("FETCH", uid, f"(INTERNALDATE BODY.PEEK[]<0.{MOST_READ}>)"), "read")
        for part in parts:
            if isinstance(part, tuple):
                described = b" ".join(other if isinstance(other, bytes) else other[0] for other in parts)
                return Incoming(identify(part[1]), part[1], _received_at(described), uid)
        return None  # it is gone since


def _connect(access: ImapAccess) -> imaplib.IMAP4:
    context = ssl.create_default_context(cafile=access.ca_file)
    if access.tls == "implicit":
        return imaplib.IMAP4_SSL(access.host, access.port, ssl_context=context, timeout=access.timeout)
    client = imaplib.IMAP4(access.host, access.port, timeout=access.timeout)
    try:
        client.starttls(context)
    except BaseException:
        client.shutdown()
        raise
    return client


def _log_in(client: imaplib.IMAP4, access: ImapAccess) -> None:
    try:
        if "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{access.username}\0{access.password}".encode())
        else:
            client.login(_quote(access.username), access.password)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeEncodeError):
        # What it answers may repeat what was sent.
        raise FeedbackError(
            f"the IMAP server {access.host} refuses the login",
            remedy="Check username and password; some servers want a password made for this program.",
        ) from None


def _select(client: imaplib.IMAP4, access: ImapAccess) -> ImapMailbox:
    answer, _ = client.select(_quote(_mailbox_name(access.folder)))
    if answer != "OK":
        raise FeedbackError(
            f"the IMAP server {access.host} has no mailbox {access.folder!r} for this login",
            remedy="Give the mailbox as the server names it, such as INBOX or INBOX.Bounces.",
        )
    permanent = _joined(client.response("PERMANENTFLAGS")[1])
    keeps_keywords = rb"\*" in permanent or KEYWORD.encode() in permanent
    # After the login a server may offer more than before.
    expunges = b"UIDPLUS" in _joined(client.capability()[1]).upper().split()
    return ImapMailbox(client, access, KEYWORD if keeps_keywords else SEEN, expunges=expunges)


def _quote(text: str) -> str:
    """Write a text as a quoted string; one with line breaks or the like would break out of its command."""
    if not text.isprintable():
        raise FeedbackError(
            f"{text!r} cannot be sent to an IMAP server", remedy="Write it without line breaks and control characters."
        )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _mailbox_name(name: str) -> str:
    """Write a mailbox's name as IMAP does beyond ASCII. Source: RFC 3501 §5.1.3."""
    return re.sub(r"&|[^ -~]+", lambda found: "&-" if found[0] == "&" else _shifted(found[0]), name)


def _shifted(text: str) -> str:
    return "&" + b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",") + "-"


def _joined(parts: list[Any]) -> bytes:
    return b" ".join(part for part in parts if isinstance(part, bytes))


def _check(answer: tuple[str, list[Any]], done: str) -> list[Any]:
    """Give what a command answers.

    Raises:
        FeedbackError: The server refuses it.
    """
    verdict, found = answer
    if verdict != "OK":
        raise FeedbackError(
            f"the mailbox cannot be {done}: the IMAP server refuses it",
            remedy="Give this login the right to read and mark messages there.",
        )
    return found


def _received_at(described: bytes) -> datetime:
    """Read when the server took a message; one that does not say took it now."""
    found = _INTERNAL_DATE.search(described)
    try:
        return datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z") if found else now()
    except ValueError:
        return now()


@contextmanager
def _telling(access: ImapAccess) -> Iterator[None]:
    """Say what kept us from the mailbox; nothing that was sent is shown.

    Raises:
        FeedbackError: The server cannot be reached, or hangs up.
    """
    place = Place(field=f"{access.host}:{access.port}")
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise FeedbackError(
            f"the IMAP server shows a certificate that does not hold: {error.verify_message}",
            where=place,
            remedy="Give host as the certificate names it, or name the certificate of its issuer in ca_file.",
        ) from error
    except ssl.SSLError as error:
        raise FeedbackError(
            f"the IMAP server does no TLS here ({error.reason or 'broken off'})",
            where=place,
            remedy='Port 993 wants tls = "implicit" as a rule, and port 143 "starttls".',
        ) from error
    except OSError as error:
        raise FeedbackError(
            f"the IMAP server cannot be reached: {error.strerror or 'no answer in time'}",
            where=place,
            remedy="Check host and port; then run the same command again.",
        ) from error
    except imaplib.IMAP4.error as error:
        raise FeedbackError(
            "the IMAP server broke off the conversation",
            where=place,
            remedy="Run the same command again; what was kept is not read twice.",
        ) from error
