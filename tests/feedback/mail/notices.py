"""Notices that follow no standard, in our own words, as the mail systems that are named are known to write them."""

from feedback.mail.notices_elsewhere import ELSEWHERE
from feedback.mail.samples import ADDRESS, BOUNCED, DELAYED, MAILBOX, MESSAGE, NETWORK, OTHER, SENDER, Sample, one
from newsletter.providers.base.feedback import Fault
from support.returned_mail import READER, RETURNED, mail

PROGRAMS: dict[str, Sample] = {
    "qmail": Sample(
        mail(
            "Hi. This is the qmail-send program at lezer.example.\n"
            "I wasn't able to deliver your message to these addresses. I've given up.\n\n"
            f"<{READER}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
            f"<{OTHER}>:\n192.0.2.7 does not like recipient.\nRemote host said: 552 5.2.2 over quota\n"
            f"Giving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\n{RETURNED}",
            Subject="failure notice",
        ),
        ((BOUNCED, ADDRESS, READER, "5.1.1"), (BOUNCED, MAILBOX, OTHER, "5.2.2")),
    ),
    "qmail that waited too long": one(
        mail(
            f"I'm afraid I could not deliver your message to the following address.\n\n<{READER}>:\n"
            "CNAME lookup failed temporarily. (#4.4.3)\n"
            f"I'm not going to try again; this message has been in the queue too long.\n\n--- Below this line\n"
            f"{RETURNED}",
            Subject="failure notice",
        ),
        NETWORK,
        "4.4.3",
    ),
    "exim": one(
        mail(
            "A message that you sent could not be delivered to one of its recipients.\n"
            f"The following address failed:\n\n  {READER}\n    host mx.lezer.example [192.0.2.8]\n"
            "    SMTP error from remote mail server after RCPT TO:<sanne@lezer.example>:\n"
            f"    550 no such user here\n\n------ This is a copy of your message, including all the headers. "
            f"------\n\n{RETURNED}",
            Subject="Mail delivery failed: returning message to sender",
            X_Failed_Recipients=READER,
            Auto_Submitted="auto-replied",
        ),
        ADDRESS,
    ),
    "exim that waits": one(
        mail(
            "A message that you sent has not yet been delivered to all of its recipients\n"
            f"after more than 24 hours on the queue.\n\nThe address is:\n\n  {READER}\n    Delay reason: retry "
            f"time not reached\n\n"
            "No action is required. Delivery attempts will continue for some time.",
            Subject="Warning: message 1abc delayed 24 hours",
            Auto_Submitted="auto-replied",
        ),
        NETWORK,
        kind=DELAYED,
    ),
    "exim that cannot route": one(
        mail(
            f"This address failed:\n\n  {READER}\n    Unrouteable address\n\nYour message could not be delivered.",
            X_Failed_Recipients=READER,
        ),
        ADDRESS,
    ),
    "postfix without a report": one(
        mail(
            "I'm sorry to have to tell you that your message could not be delivered.\n"
            "For help, please send mail to postmaster@mx.lezer.example.\n\n"
            f"<{READER}>: host mx.lezer.example[192.0.2.9] said: 554 5.7.1 Service\n"
            "    unavailable; client host [192.0.2.1] blocked using a list (in reply to RCPT TO command)\n",
        ),
        SENDER,
        "5.7.1",
    ),
    "a filter that knew the address": one(
        mail(
            f"Your message could not be delivered.\n\n<{READER}>: host mx.lezer.example[192.0.2.9] said: 550\n"
            "    User unknown (in reply to end of DATA command)\n",
        ),
        MAILBOX,
    ),
    "sendmail": one(
        mail(
            "The original message was received at Tue, 20 Feb 2024 09:30:00 +0100\n\n"
            f"   ----- The following addresses had permanent fatal errors -----\n<{READER}>\n"
            "    (reason: 550 5.1.1 <sanne@lezer.example>... User unknown)\n\n"
            "   ----- Transcript of session follows -----\n... while talking to mx.lezer.example.:\n"
            ">>> DATA\n<<< 550 5.1.1 <sanne@lezer.example>... User unknown\n"
            f"\n   ----- Original message follows -----\n{RETURNED}",
            Subject="Returned mail: see transcript for details",
        ),
        ADDRESS,
        "5.1.1",
    ),
    "sendmail that sent commands together": one(
        mail(
            f"   ----- The following addresses had permanent fatal errors -----\n<{READER}>\n\n"
            "   ----- Transcript of session follows -----\n... while talking to mx.lezer.example.:\n"
            f">>> DATA\n<<< 550 <{READER}>: User unknown\n<<< 503 Need RCPT (recipient)\n",
            Subject="Returned mail: see transcript for details",
        ),
        ADDRESS,
    ),
    "sendmail before a filter": one(
        mail(
            f"   ----- The following addresses had permanent fatal errors -----\n<{READER}>\n\n"
            "   ----- Transcript of session follows -----\n... while talking to mx.lezer.example.:\n"
            f">>> DATA\n<<< 550 Unknown user {READER}\n554 5.0.0 Service unavailable\n",
            Subject="Returned mail: see transcript for details",
        ),
        MAILBOX,
        "5.0.0",
    ),
    "exim that tells its version": one(
        mail(
            f"A message that you sent could not be delivered.\n\n  {READER}\n    host mx.lezer.example (ESMTP "
            f"Exim 4.94.2):\n"
            "    550 no such user\n",
            X_Failed_Recipients=READER,
        ),
        ADDRESS,
    ),
    "exim before a filter": one(
        mail(
            f"A message that you sent could not be delivered.\nThis address failed:\n\n  {READER}\n"
            "    SMTP error from remote mail server after end of data:\n    host mx.lezer.example: 550 unknown user\n",
            X_Failed_Recipients=READER,
        ),
        MAILBOX,
    ),
    "sendmail that waits": one(
        mail(
            "   **  THIS IS A WARNING MESSAGE ONLY  **\n   **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n"
            f"   ----- The following addresses had transient non-fatal errors -----\n<{READER}>\n\n"
            "   ----- Transcript of session follows -----\n451 4.4.1 reply: read error\n"
            "Warning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n",
            Subject="Warning: could not send message for past 4 hours",
        ),
        NETWORK,
        "4.4.1",
        DELAYED,
    ),
    "sendmail of old": one(
        mail(
            "   ----- Transcript of session follows -----\n"
            f"550 {READER}... Host unknown\n\n   ----- Unsent message follows -----\n{RETURNED}",
            Subject="Returned mail: Host unknown",
        ),
        ADDRESS,
    ),
    "exchange of old": one(
        mail(
            "Your message\n\n  To:      lijst@brug.example\n  Subject: Nieuwsbrief 12\n  Sent:    Tue, 20 Feb 2024\n\n"
            f"did not reach the following recipient(s):\n\nc=NL;a= ;p=Lezer;dda:SMTP={READER}; on Tue, 20 Feb 2024\n"
            "    The recipient name is not recognized\n",
            From="System Administrator <postmaster@lezer.example>",
            Subject="Undeliverable: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "exchange": one(
        mail(
            f"Delivery has failed to these recipients or groups:\n\n{READER}\n"
            "The e-mail address you entered couldn't be found. Check it and try to send the message again.\n\n"
            "Diagnostic information for administrators:\n\nGenerating server: mail.lezer.example\n\n"
            f"{READER}\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\n{RETURNED}",
            From="Microsoft Outlook <postmaster@lezer.example>",
            Subject="Undeliverable: Nieuwsbrief 12",
        ),
        ADDRESS,
        "5.1.1",
    ),
    "exchange in HTML, to a closed group": one(
        mail(
            f"<html><body><p>Delivery has failed to these recipients:</p><p><a href='mailto:{READER}'>{READER}</a><br>"
            "Only people who belong to the organisation may write to this group.</p>"
            "<p>Remote Server returned '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; "
            "authentication required'"
            "</p></body></html>",
            kind="html",
            From="postmaster@lezer.example",
            Subject="Undeliverable: Nieuwsbrief 12",
        ),
        MAILBOX,
        "5.7.133",
    ),
    "domino": one(
        mail(
            f"Your message\n\n  Subject: Nieuwsbrief 12\n\nwas not delivered to:\n\n  {READER}\n\nbecause:\n\n"
            f"  User sanne ({READER}) not listed in Domino Directory\n",
            From="Postmaster@lezer.example",
            Subject="DELIVERY FAILURE: User sanne not listed",
        ),
        ADDRESS,
    ),
    "gmail of old": one(
        mail(
            "This is an automatically generated Delivery Status Notification\n\n"
            f"Delivery to the following recipient failed permanently:\n\n     {READER}\n\n"
            "Technical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the "
            "server for the recipient domain. The error that the other server returned was:\n"
            f"552-5.2.2 The email account that you tried to reach is over quota.\n\n----- Original message "
            f"-----\n\n{RETURNED}",
            From="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
            Subject="Delivery Status Notification (Failure)",
        ),
        MAILBOX,
        "5.2.2",
    ),
    "gmail that says it of anything": one(
        mail(
            f"** Address not found **\n\nYour message wasn't delivered to {READER} because the address couldn't be"
            " found, or is unable to receive mail.\n\nThe response was:\n\n550 We would rather not\n",
            From="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
            Subject="Delivery Status Notification (Failure)",
        ),
        Fault.UNKNOWN,
    ),
    "yahoo": one(
        mail(
            f"Sorry, we were unable to deliver your message to the following address.\n\n<{READER}>:\n"
            "554: delivery error: dd This user doesn't have a lezer.example account\n\n"
            f"--- Below this line is a copy of the message.\n\n{RETURNED}",
            Subject="Failure Notice",
        ),
        ADDRESS,
    ),
    "courier": one(
        mail(
            f"UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<{READER}>:\n"
            "    mx.lezer.example [192.0.2.8]:\n<<< 550 5.1.1 unknown user\n\n"
            f"If your message was also sent to additional recipients, their delivery status is not included.\n"
            f"{RETURNED}",
            Subject="NOTICE: mail delivery status.",
        ),
        ADDRESS,
        "5.1.1",
    ),
    "mail enable": one(
        mail(
            "Message could not be delivered to some recipients.\nThe following recipient(s) could not be reached:\n\n"
            f"\tRecipient: [SMTP:{READER}]\n\tReason: Remote SMTP Server Returned: 550 mailbox unavailable or "
            f"not local\n\n"
            f"Message headers follow:\n\n{RETURNED}",
            From='"Delivery Subsystem" <POSTMASTER@lezer.example>',
            Subject="Message Delivery Failure",
        ),
        ADDRESS,
    ),
    "imail": one(
        mail(
            f"Unknown user: {READER}\n\nRCPT TO generated following response:\n550 not here\n\nOriginal message "
            f"follows.\n{RETURNED}",
            From='"Postmaster" <postmaster@lezer.example>',
            Subject="Undeliverable Mail",
        ),
        ADDRESS,
    ),
    "mdaemon": one(
        mail(
            "The attached message had PERMANENT fatal delivery errors!\n\n"
            f"The following addresses did NOT receive a copy of your message:\n\n> {READER}\n\n--- Session "
            f"Transcript ---\n"
            f" MAIL From:<brug@brug.example>\n 250 ok\n RCPT To:<{READER}>\n 552 Message would exceed mailbox "
            f"quota\n QUIT\n"
            "--- End Transcript ---",
            From="MDaemon@lezer.example",
            Subject="Permanent Delivery Failure",
        ),
        MAILBOX,
    ),
    "hmail": one(
        mail(
            "Your message did not reach some or all of the intended recipients.\n\n   Sent: Tue, 20 Feb 2024\n"
            f"   Subject: Nieuwsbrief 12\n\nThe following recipient(s) could not be reached:\n\n{READER}\n"
            "   Error Type: SMTP\n   Remote server (192.0.2.8) issued an error.\n"
            "   hMailServer sent: RCPT TO:<sanne@lezer.example>\n   Remote server replied: 550 Unknown user\n",
            From="mailer-daemon@lezer.example",
            Subject="Message undeliverable: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "james": one(
        mail(
            "Hi. This is the mail server at lezer.example.\nI'm afraid I wasn't able to deliver your message to the "
            f"following addresses.\n\n{READER}\n\nError message below:\n550 5.1.1 invalid mailbox\n\nMessage details:\n"
            "  Subject: Nieuwsbrief 12\n  MAIL FROM: brug@brug.example\n",
            From="postmaster@lezer.example",
            Subject="[BOUNCE]",
        ),
        ADDRESS,
        "5.1.1",
    ),
    "message labs": one(
        mail(
            f"This is a permanent error.\n\nYour mail to <{READER}> could not be delivered.\nSMTP error: 550 "
            f"too big for this mailbox\n",
            From="MAILER-DAEMON@server-1.tower.example",
            Subject="Mail Delivery Failure",
        ),
        MESSAGE,
    ),
}
NOTICES = {**PROGRAMS, **ELSEWHERE}
