"""What is no bounce and asks for nothing: answers of machines, and everything else."""

from datetime import UTC, datetime

import pytest

from newsletter.feedback.mail import MailKind, read_mail
from support.returned_mail import KEY, OURS, RETURN_PATH, mail, report

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)

PERSON = {"From": "Sanne <sanne@lezer.example>", "In_Reply_To": f"<{KEY}@brug.example>"}
ABSENCES = {
    "Afwezig: Nieuwsbrief 12": "Ik ben tot 1 maart afwezig. Uw bericht wordt niet doorgestuurd.",
    "Automatisch antwoord: Nieuwsbrief 12": "Ik werk hier niet meer; dit adres bestaat binnenkort niet meer.",
    "Out of Office: Nieuwsbrief 12": "I am out of the office. Your message has not been delivered to anybody else.",
    "Automatic reply: Nieuwsbrief 12": "This mailbox is no longer in use. Please contact info@lezer.example.",
    "Abwesenheitsnotiz": "Ich bin bis zum 1. März nicht im Büro. Ihre Nachricht wird nicht weitergeleitet.",
    "Réponse automatique : Nieuwsbrief 12": "Je suis absente jusqu'au 1er mars.",
    "Respuesta automática: Nieuwsbrief 12": "Estoy fuera de la oficina hasta el 1 de marzo.",
    "Risposta automatica": "Sono assente fino al 1 marzo.",
    "Autosvar": "Jag är på semester.",
    "自動返信": "不在にしております。",
    "Re: Nieuwsbrief 12": "I'm currently on annual leave and will respond when I return on 1 March.",
    "Please confirm your message": "I use a filter. Click here and your message will reach me: https://a.example",
    "Your message to Sanne": "It was not delivered yet. Please verify that you are human, and it will be.",
    "RE: Nieuwsbrief 12 [ticket 123]": "Thank you for your message. We will respond as soon as possible.",
}


@pytest.mark.parametrize("path", ["<>", "<sanne@lezer.example>"])
@pytest.mark.parametrize("subject", ABSENCES)
def test_r5_absence_is_neither_a_bounce_nor_a_request(subject: str, path: str) -> None:
    found = read_mail(mail(ABSENCES[subject], Subject=subject, Return_Path=path, **PERSON), NOW, RETURN_PATH)
    assert (found.kind, found.events) == (MailKind.AUTOMATIC, ())


@pytest.mark.parametrize(
    "field",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner=x"},
        {"X_Auto_Response_Suppress": "All"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "vacation"},
    ],
)
def test_r5_marks_of_machines_are_seen_whatever_the_text_says(field: dict[str, str]) -> None:
    text = "Unsubscribe me. This mailbox does not exist; your message could not be delivered."
    found = read_mail(mail(text, Subject="Re: Nieuwsbrief 12", **PERSON, **field), NOW, RETURN_PATH)
    assert (found.kind, found.events) == (MailKind.AUTOMATIC, ())


def test_notice_that_a_message_was_read_is_automatic() -> None:
    disposition = "Disposition: manual-action/MDN-sent-manually; displayed"
    fields = f"Reporting-UA: mail\nFinal-Recipient: rfc822; sanne@lezer.example\n{disposition}\n"
    found = read_mail(
        report(
            fields,
            "Your message was read.",
            kind="disposition-notification",
            Subject="Gelezen: Nieuwsbrief 12",
            From="sanne@lezer.example",
        ),
        NOW,
        RETURN_PATH,
    )
    assert (found.kind, found.events) == (MailKind.AUTOMATIC, ())


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Nieuwsbrief 12", "Wat een mooi nummer! Dank."),
        (
            "Re: delivery problem of your newsletter",
            "Your newsletter could not be delivered to my other address joris@lezer.example. Can you send it again?",
        ),
        ("Vraag", "Kan ik me nog aanmelden voor de studiedag? Mijn vorige mail kwam niet aan."),
        ("Your post awaits approval", "Your mail to the list is being held until the moderator can review it."),
        ("Re: Nieuwsbrief 12", "This address does not exist any more; write to joris@lezer.example."),
        ("", ""),
        ("Nieuwsbrief 12", "Beste lezer, de postbezorging in de wijk is mislukt, schrijft de gemeente."),
    ],
)
@pytest.mark.parametrize("path", ["<sanne@lezer.example>", ""])
def test_other_mail_changes_nothing(subject: str, text: str, path: str) -> None:
    answered = f"<{KEY}@brug.example>" if subject.startswith("Re:") else ""
    raw = mail(text, Subject=subject, Return_Path=path, From="Sanne <sanne@lezer.example>", In_Reply_To=answered)
    found = read_mail(raw, NOW, RETURN_PATH)
    assert (found.kind, found.events) == (MailKind.OTHER, ())


@pytest.mark.parametrize(
    "subject", ["Delivered: Nieuwsbrief 12", "Relayed: Nieuwsbrief 12", "Delivery Status Notification (Success)"]
)
def test_notice_of_success_in_words_alone_changes_nothing(subject: str) -> None:
    text = "Your message was successfully delivered to:\n\nsanne@lezer.example\n"
    assert read_mail(mail(text, Subject=subject), NOW, RETURN_PATH).events == ()
    assert read_mail(mail(text, Subject="Delivery report"), NOW, RETURN_PATH).events == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\0" * 100,
        b"\xff\xfe\n\n\xff",
        b"Subject",
        b"From: x\r\n\r\n",
        b"--\n--\n--",
        f"To: {OURS}".encode(),
    ],
)
def test_scraps_change_nothing(raw: bytes) -> None:
    assert read_mail(raw, NOW, RETURN_PATH).events == ()
