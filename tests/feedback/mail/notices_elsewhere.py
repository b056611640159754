"""Notices that follow no standard, in other languages and in words of their own, as servers are known to write them."""

from feedback.mail.samples import ADDRESS, DELAYED, MAILBOX, NETWORK, Sample, one
from newsletter.providers.base.feedback import Fault
from support.returned_mail import READER, RETURNED, mail

ELSEWHERE: dict[str, Sample] = {
    "a carrier in Japan": one(
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
    "a full mailbox in Japan": one(
        mail(
            f"ご指定のあて先にメールを配信できませんでした。\n\n<{READER}>\nメールボックスの容量を超えています。\n",
            charset="iso-2022-jp",
            From="postmaster@lezer.example",
            Subject="配信エラー",
        ),
        MAILBOX,
    ),
    "a provider in China": one(
        mail(
            f"抱歉，您的邮件被退回来了。\n收件人 {READER}\n退信原因：收件人地址不存在\n",
            charset="gb18030",
            From="postmaster@lezer.example",
            Subject="系统退信",
        ),
        ADDRESS,
    ),
    "a provider in Russia": one(
        mail(
            f"Ваше письмо не может быть доставлено одному получателю:\n\n{READER}\nпользователь не найден\n",
            charset="koi8-r",
            From="mailer-daemon@lezer.example",
            Subject="Письмо не доставлено",
        ),
        ADDRESS,
    ),
    "a Dutch notice": one(
        mail(
            f"Uw bericht kon niet worden bezorgd bij:\n\n{READER}\n\nDe mailbox van de ontvanger is vol.\n",
            From="Mailserver <postmaster@lezer.example>",
            Subject="Onbestelbaar: Nieuwsbrief 12",
        ),
        MAILBOX,
    ),
    "a Dutch notice of a delay": one(
        mail(
            f"Uw bericht aan {READER} is nog niet bezorgd. De server is niet bereikbaar.\nWij proberen het "
            f"later weer.\n",
            From="postmaster@lezer.example",
            Subject="Vertraagd: Nieuwsbrief 12",
        ),
        NETWORK,
        kind=DELAYED,
    ),
    "a German notice": one(
        mail(
            f"Ihre Nachricht konnte nicht zugestellt werden.\n\n{READER}: Empfänger unbekannt\n",
            charset="iso-8859-1",
            From="Mailer-Daemon@lezer.example",
            Subject="Unzustellbar: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "a French notice": one(
        mail(
            f"Votre message n'a pas pu être remis à {READER}.\nL'adresse n'existe pas.\n",
            charset="iso-8859-1",
            From="postmaster@lezer.example",
            Subject="Non remis : Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "a Spanish notice": one(
        mail(
            f"No se pudo entregar su mensaje a:\n\n{READER}\n\nEl buzón del usuario está lleno.\n",
            From="postmaster@lezer.example",
            Subject="Mensaje no entregado",
        ),
        MAILBOX,
    ),
    "an Italian notice": one(
        mail(
            f"Il messaggio non è stato consegnato a {READER}: utente sconosciuto.\n",
            From="postmaster@lezer.example",
            Subject="Mancato recapito",
        ),
        ADDRESS,
    ),
    "a Portuguese notice": one(
        mail(
            f"A mensagem não pôde ser entregue a:\n{READER}\nUsuário inexistente\n",
            From="postmaster@lezer.example",
            Subject="Falha na entrega",
        ),
        ADDRESS,
    ),
    "a Polish notice": one(
        mail(
            f"Wiadomość nie została dostarczona, nie można doręczyć:\n{READER}\nNieznany użytkownik\n",
            From="postmaster@lezer.example",
            Subject="Undelivered: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "a domain that is gone": one(
        mail(
            f"Your message could not be delivered:\n\n<{READER}>: Host or domain name not found. Name service "
            f"error for\n"
            "    name=lezer.example type=AAAA: Host not found\n",
        ),
        ADDRESS,
    ),
    "a name server that fails": one(
        mail(
            f"Your message could not be delivered:\n\n<{READER}>: Host or domain name not found. Name service "
            f"error for\n"
            "    name=lezer.example type=MX: Host not found, try again\n",
        ),
        NETWORK,
    ),
    "a notice in words of its own": one(
        mail(
            f"We regret that your letter did not arrive at {READER}. There is nobody with that name here.\n",
            Subject="Mail problem",
        ),
        ADDRESS,
    ),
    "a mailbox that has grown": one(
        mail(f"Message for {READER} not delivered. The mailbox has reached its maximum size.\n"), MAILBOX
    ),
    "a server that is silent": one(
        mail(f"<{READER}>: we tried for 5 days, but the remote server did not respond. Not delivered, giving up.\n"),
        NETWORK,
    ),
    "a Dutch notice of another kind": one(
        mail(
            f"De volgende geadresseerden zijn niet bereikt:\n\n{READER} op 20-2-2024\n"
            "Het e-mailaccount bestaat niet in de organisatie. Uw bericht is niet bezorgd.\n",
            From="postmaster@lezer.example",
            Subject="Onbestelbaar: Nieuwsbrief 12",
        ),
        ADDRESS,
    ),
    "nothing said": one(
        mail(
            f"Delivery to this recipient failed.\n\n       {READER}\n", Subject="Delivery Status Notification (Failure)"
        ),
        Fault.UNKNOWN,
    ),
    "nobody named": one(
        mail(
            f"Your message could not be delivered: 550 5.1.1 user unknown.\n\n--- Original message follows "
            f"---\n\n{RETURNED}"
        ),
        ADDRESS,
        "5.1.1",
    ),
}
