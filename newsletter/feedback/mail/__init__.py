"""Reads mail that comes back: bounces, complaints, automatic replies, and requests to leave."""

from newsletter.feedback.mail.mailboxes import (
    ImapAccess,
    ImapMailbox,
    Incoming,
    Mailbox,
    Maildir,
    StandardInput,
    open_imap,
)
from newsletter.feedback.mail.reading import MailKind, MailReport, read_mail
from newsletter.feedback.mail.taking import MailTally, take_mail

__all__ = [
    "ImapAccess",
    "ImapMailbox",
    "Incoming",
    "MailKind",
    "MailReport",
    "MailTally",
    "Mailbox",
    "Maildir",
    "StandardInput",
    "open_imap",
    "read_mail",
    "take_mail",
]
