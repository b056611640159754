"""Notices that follow no standard, in our own words, as the mail systems that are named are known to write them."""

from dataclasses import dataclass

from newsletter.providers.base.feedback import EventKind, Fault
from support.returned_mail import READER, RETURNED, mail

BOUNCED, DELAYED = EventKind.BOUNCED, EventKind.DELAYED
ADDRESS, MAILBOX, SENDER, MESSAGE, NETWORK = Fault.ADDRESS, Fault.MAILBOX, Fault.SENDER, Fault.MESSAGE, Fault.NETWORK
OTHER = "joris@lezer.example"


@dataclass(frozen=True)
class Sample:
    """A notice, and what it tells of each recipient: kind, fault, address, status."""

    content: bytes
    told: tuple[tuple[EventKind, Fault, str, str], ...]


def _one(content: bytes, fault: Fault, status: str = "", kind: EventKind = BOUNCED, to: str = READER) -> Sample:
    return Sample(content, ((kind, fault, to, status),))


NOTICES: dict[str, Sample] = {
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
    "qmail that waited too long": _one(
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
    "exim": _one(
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
    "exim that waits": _one(
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
    "exim that cannot route": _one(
        mail(
            f"This address failed:\n\n  {READER}\n    Unrouteable address\n\nYour message could not be delivered.",
            X_Failed_Recipients=READER,
        ),
        ADDRESS,
    ),
    "postfix without a report": _one(
        mail(
            "I'm sorry to have to tell you that your message could not be delivered.\n"
            "For help, please send mail to postmaster@mx.lezer.example.\n\n"
            f"<{READER}>: host mx.lezer.example[192.0.2.9] said: 554 5.7.1 Service\n"
            "    unavailable; client host [192.0.2.1] blocked using a list (in reply to RCPT TO command)\n",
        ),
        SENDER,
        "5.7.1",
    ),
    "a filter that knew the address": _one(
        mail(
            f"Your message could not be delivered.\n\n<{READER}>: host mx.lezer.example[192.0.2.9] said: 550\n"
            "    User unknown (in reply to end of DATA command)\n",
        ),
        MAILBOX,
    ),
    "sendmail": _one(
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
    "sendmail that sent commands together": _one(
        mail(
            f"   ----- The following addresses had permanent fatal errors -----\n<{READER}>\n\n"
            "   ----- Transcript of session follows -----\n... while talking to mx.lezer.example.:\n"
            f">>> DATA\n<<< 550 <{READER}>: User unknown\n<<< 503 Need RCPT (recipient)\n",
            Subject="Returned mail: see transcript for details",
        ),
        ADDRESS,
    ),
    "sendmail before a filter": _one(
        mail(
            f"   ----- The following addresses had permanent fatal errors -----\n<{READER}>\n\n"
            "   ----- Transcript of session follows -----\n... while talking to mx.lezer.example.:\n"
            f">>> DATA\n<<< 550 Unknown user {READER}\n554 5.0.0 Service unavailable\n",
            Subject="Returned mail: see transcript for details",
        ),
        MAILBOX,
        "5.0.0",
    ),
    "exim that tells its version": _one(
        mail(
            f"A message that you sent could not be delivered.\n\n  {READER}\n    host mx.lezer.example (ESMTP "
            f"Exim 4.94.2):\n"
            "    550 no such user\n",
            X_Failed_Recipients=READER,
        ),
        ADDRESS,
    ),
    "exim before a filter": _one(
        mail(
            f"A message that you sent could not be delivered.\nThis address failed:\n\n  {READER}\n"
            "    SMTP error from remote mail server after end of data:\n    host mx.lezer.example: 550 unknown user\n",
            X_Failed_Recipients=READER,
        ),
        MAILBOX,
    ),
    "sendmail that waits": _one(
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
    "sendmail of old": _one(
        mail(
            "   ----- Transcript of session follows -----\n"
            f"550 {READER}... Host unknown\n\n   ----- Unsent message follows -----\n{RETURNED}",
            Subject="Returned mail: Host unknown",
        ),
        ADDRESS,
    ),
    "exchange of old": _one(
        mail(
            "Your message\n\n  To:      lijst@brug.example\n  Subject: Nieuwsbrief 12\n  Sent:    Tue, 20 Feb 2024\n\n"
            f"did not reach the following recipient(s):\n\nc=NL;a= ;p=Lezer;dda:SMTP={READER}; on Tue, 20 Feb 2024\n"
            "    The recipient name is not recognized\n",
            From="System Administrator <postmaster@lezer.example>",
            Subject="Undeliverable: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "exchange": _one(
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
    "exchange in HTML, to a closed group": _one(
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
    "domino": _one(
        mail(
            f"Your message\n\n  Subject: Nieuwsbrief 12\n\nwas not delivered to:\n\n  {READER}\n\nbecause:\n\n"
            f"  User sanne ({READER}) not listed in Domino Directory\n",
            From="Postmaster@lezer.example",
            Subject="DELIVERY FAILURE: User sanne not listed",
        ),
        ADDRESS,
    ),
    "gmail of old": _one(
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
    "gmail that says it of anything": _one(
        mail(
            f"** Address not found **\n\nYour message wasn't delivered to {READER} because the address couldn't be"
            " found, or is unable to receive mail.\n\nThe response was:\n\n550 We would rather not\n",
            From="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
            Subject="Delivery Status Notification (Failure)",
        ),
        Fault.UNKNOWN,
    ),
    "yahoo": _one(
        mail(
            f"Sorry, we were unable to deliver your message to the following address.\n\n<{READER}>:\n"
            "554: delivery error: dd This user doesn't have a lezer.example account\n\n"
            f"--- Below this line is a copy of the message.\n\n{RETURNED}",
            Subject="Failure Notice",
        ),
        ADDRESS,
    ),
    "courier": _one(
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
    "mail enable": _one(
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
    "imail": _one(
        mail(
            f"Unknown user: {READER}\n\nRCPT TO generated following response:\n550 not here\n\nOriginal message "
            f"follows.\n{RETURNED}",
            From='"Postmaster" <postmaster@lezer.example>',
            Subject="Undeliverable Mail",
        ),
        ADDRESS,
    ),
    "mdaemon": _one(
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
    "hmail": _one(
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
    "james": _one(
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
    "message labs": _one(
        mail(
            f"This is a permanent error.\n\nYour mail to <{READER}> could not be delivered.\nSMTP error: 550 "
            f"too big for this mailbox\n",
            From="MAILER-DAEMON@server-1.tower.example",
            Subject="Mail Delivery Failure",
        ),
        MESSAGE,
    ),
    "a carrier in Japan": _one(
        mail(
            "次のあて先へのメッセージはエラーのため送信できませんでした。\n送信先メールアドレスが見つかりません。\n\n"
            f"Each of the following recipients was rejected by a remote mail server.\n\n    Recipient: <{READER}>\n"
            f"    >>> RCPT TO:<{READER}>\n    <<< 550 <{READER}>: User unknown\n",
            charset="iso-2022-jp",
            From="Postmaster@lezer.example",
            Subject="Mail System Error - Returned Mail",
        ),
        ADDRESS,
    ),
    "a full mailbox in Japan": _one(
        mail(
            f"ご指定のあて先にメールを配信できませんでした。\n\n<{READER}>\nメールボックスの容量を超えています。\n",
            charset="iso-2022-jp",
            From="postmaster@lezer.example",
            Subject="配信エラー",
        ),
        MAILBOX,
    ),
    "a provider in China": _one(
        mail(
            f"抱歉，您的邮件被退回来了。\n收件人 {READER}\n退信原因：收件人地址不存在\n",
            charset="gb18030",
            From="postmaster@lezer.example",
            Subject="系统退信",
        ),
        ADDRESS,
    ),
    "a provider in Russia": _one(
        mail(
            f"Ваше письмо не может быть доставлено одному получателю:\n\n{READER}\nпользователь не найден\n",
            charset="koi8-r",
            From="mailer-daemon@lezer.example",
            Subject="Письмо не доставлено",
        ),
        ADDRESS,
    ),
    "a Dutch notice": _one(
        mail(
            f"Uw bericht kon niet worden bezorgd bij:\n\n{READER}\n\nDe mailbox van de ontvanger is vol.\n",
            From="Mailserver <postmaster@lezer.example>",
            Subject="Onbestelbaar: Nieuwsbrief 12",
        ),
        MAILBOX,
    ),
    "a Dutch notice of a delay": _one(
        mail(
            f"Uw bericht aan {READER} is nog niet bezorgd. De server is niet bereikbaar.\nWij proberen het "
            f"later weer.\n",
            From="postmaster@lezer.example",
            Subject="Vertraagd: Nieuwsbrief 12",
        ),
        NETWORK,
        kind=DELAYED,
    ),
    "a German notice": _one(
        mail(
            f"Ihre Nachricht konnte nicht zugestellt werden.\n\n{READER}: Empfänger unbekannt\n",
            charset="iso-8859-1",
            From="Mailer-Daemon@lezer.example",
            Subject="Unzustellbar: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "a French notice": _one(
        mail(
            f"Votre message n'a pas pu être remis à {READER}.\nL'adresse n'existe pas.\n",
            charset="iso-8859-1",
            From="postmaster@lezer.example",
            Subject="Non remis : Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "a Spanish notice": _one(
        mail(
            f"No se pudo entregar su mensaje a:\n\n{READER}\n\nEl buzón del usuario está lleno.\n",
            From="postmaster@lezer.example",
            Subject="Mensaje no entregado",
        ),
        MAILBOX,
    ),
    "an Italian notice": _one(
        mail(
            f"Il messaggio non è stato consegnato a {READER}: utente sconosciuto.\n",
            From="postmaster@lezer.example",
            Subject="Mancato recapito",
        ),
        ADDRESS,
    ),
    "a Portuguese notice": _one(
        mail(
            f"A mensagem não pôde ser entregue a:\n{READER}\nUsuário inexistente\n",
            From="postmaster@lezer.example",
            Subject="Falha na entrega",
        ),
        ADDRESS,
    ),
    "a Polish notice": _one(
        mail(
            f"Wiadomość nie została dostarczona, nie można doręczyć:\n{READER}\nNieznany użytkownik\n",
            From="postmaster@lezer.example",
            Subject="Undelivered: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "a domain that is gone": _one(
        mail(
            f"Your message could not be delivered:\n\n<{READER}>: Host or domain name not found. Name service "
            f"error for\n"
            "    name=lezer.example type=AAAA: Host not found\n",
        ),
        ADDRESS,
    ),
    "a name server that fails": _one(
        mail(
            f"Your message could not be delivered:\n\n<{READER}>: Host or domain name not found. Name service "
            f"error for\n"
            "    name=lezer.example type=MX: Host not found, try again\n",
        ),
        NETWORK,
    ),
    "a notice in words of its own": _one(
        mail(
            f"We regret that your letter did not arrive at {READER}. There is nobody with that name here.\n",
            Subject="Mail problem",
        ),
        ADDRESS,
    ),
    "a mailbox that has grown": _one(
        mail(f"Message for {READER} not delivered. The mailbox has reached its maximum size.\n"), MAILBOX
    ),
    "a server that is silent": _one(
        mail(f"<{READER}>: we tried for 5 days, but the remote server did not respond. Not delivered, giving up.\n"),
        NETWORK,
    ),
    "a Dutch notice of another kind": _one(
        mail(
            f"De volgende geadresseerden zijn niet bereikt:\n\n{READER} op 20-2-2024\n"
            "Het e-mailaccount bestaat niet in de organisatie. Uw bericht is niet bezorgd.\n",
            From="postmaster@lezer.example",
            Subject="Onbestelbaar: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "nothing said": _one(
        mail(
            f"Delivery to this recipient failed.\n\n       {READER}\n", Subject="Delivery Status Notification (Failure)"
        ),
        Fault.UNKNOWN,
    ),
    "nobody named": _one(
        mail(
            f"Your message could not be delivered: 550 5.1.1 user unknown.\n\n--- Original message follows "
            f"---\n\n{RETURNED}"
        ),
        ADDRESS,
        "5.1.1",
    ),
}
