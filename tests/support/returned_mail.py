"""Makes mail that comes back: notices as mail systems write them, reports, complaints and readers' answers."""

from email.message import EmailMessage
from email.policy import SMTP

KEY = "abcdefghijklmnopqrstuvwxy2"
OTHER_KEY = "zyxwvutsrqponmlkjihgfedcb7"
RETURN_PATH = "bounces+{key}@brug.example"
OURS = f"bounces+{KEY}@brug.example"
READER = "sanne@lezer.example"

RETURNED = f"""\
Return-Path: <{OURS}>
Received: from mail.brug.example (mail.brug.example [192.0.2.1]) by mx.lezer.example; Tue, 20 Feb 2024 09:30:00 +0100
From: De Brug <brug@brug.example>
To: {READER}
Subject: Nieuwsbrief 12
Message-ID: <{KEY}@brug.example>
"""


def mail(text: str, charset: str = "utf-8", kind: str = "plain", **fields: str) -> bytes:
    """Write a message of one part; of a field's name `_` is a hyphen, and an empty value leaves it out."""
    message = EmailMessage(policy=SMTP)
    chosen = {
        "Return_Path": "<>",
        "Date": "Tue, 20 Feb 2024 09:31:00 +0100",
        "From": "Mail Delivery System <MAILER-DAEMON@mx.lezer.example>",
        "To": OURS,
        "Subject": "Undelivered Mail Returned to Sender",
        **fields,
    }
    for name, value in chosen.items():
        if value:
            message[name.replace("_", "-")] = value
    message.set_content(text, subtype=kind, charset=charset, cte="8bit" if charset != "iso-2022-jp" else "7bit")
    return message.as_bytes()


def report(
    groups: str,
    text: str = "It could not be delivered.",
    *,
    returned: str = RETURNED,
    kind: str = "delivery-status",
    **fields: str,
) -> bytes:
    """Write a report with its parts for people and machines, and the header that it returns."""
    head = {
        "Return-Path": "<>",
        "Date": "Tue, 20 Feb 2024 09:31:00 +0100",
        "From": "MAILER-DAEMON@mx.lezer.example",
        "To": OURS,
        "Subject": "Delivery report",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/report; report-type={kind}; boundary="=_part"',
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    lines = [*(f"{name}: {value}" for name, value in head.items() if value), ""]
    lines += ["--=_part", "Content-Type: text/plain; charset=utf-8", "", text]
    lines += ["--=_part", f"Content-Type: message/{kind}", "", groups]
    if returned:
        lines += ["--=_part", "Content-Type: message/rfc822", "", returned, "Beste lezer,", ""]
    return "\r\n".join("\n".join([*lines, "--=_part--", ""]).split("\n")).encode()


def group(
    action: str = "failed", status: str = "5.1.1", said: str = "smtp; 550 5.1.1 User unknown", to: str = READER
) -> str:
    """Write the fields about one recipient."""
    return f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {said}\n"


def full_report(*groups: str) -> str:
    """Write the fields of a whole report."""
    return "\n".join(["Reporting-MTA: dns; mx.lezer.example\n", *groups])
