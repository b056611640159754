"""Where mail that came back waits: a Maildir, a mailbox of an IMAP server, or standard input."""

from newsletter.feedback.mail.mailboxes.base import Incoming, Mailbox, identify
from newsletter.feedback.mail.mailboxes.imap import ImapAccess, ImapMailbox, open_imap
from newsletter.feedback.mail.mailboxes.maildir import Maildir
from newsletter.feedback.mail.mailboxes.standard_input import StandardInput

__all__ = [
    "ImapAccess",
    "ImapMailbox",
    "Incoming",
    "Mailbox",
    "Maildir",
    "StandardInput",
    "identify",
    "open_imap",
]
