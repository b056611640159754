"""Requests to leave, by mail: what one wrote oneself counts, in Dutch and English."""

import base64
from datetime import UTC, datetime

import pytest

from newsletter.feedback.mail import MailKind, read_mail
from newsletter.providers.base.feedback import EventKind
from support.returned_mail import KEY, RETURN_PATH, mail

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)
HEAD = {
    "From": "Sanne <sanne@lezer.example>",
    "To": "De Brug <brug@brug.example>",
    "In_Reply_To": f"<{KEY}@brug.example>",
    "References": f"<x@lezer.example> <{KEY}@brug.example>",
    "Return_Path": "<sanne@lezer.example>",
    "Subject": "Re: Nieuwsbrief 12",
}
WROTE = "Op di 20 feb 2024 om 09:30 schreef De Brug <brug@brug.example>:"
QUOTE = f"\n\n{WROTE}\n> Wilt u geen nieuwsbrief meer? Afmelden kan hier.\n"


@pytest.mark.parametrize(
    "text",
    [
        "Graag afmelden",
        "afmelden aub",
        "Uitschrijven.",
        "Wilt u mij afmelden voor de nieuwsbrief?",
        "Kunt u mij uitschrijven van deze mailinglijst?",
        "Hallo,\n\nIk wil me graag afmelden voor jullie nieuwsbrief.\n\nGroet, Sanne",
        "Schrijf mij uit s.v.p.",
        "Meld me af.",
        "Haal mij van de lijst",
        "Verwijder mijn e-mailadres uit uw bestand.",
        "Ik wil geen mails meer ontvangen.",
        "Ik wens deze nieuwsbrief niet langer te ontvangen.",
        "Gelieve mij geen nieuwsbrieven meer te sturen.",
        "Stop",
        "Ik wil graag mijn abonnement opzeggen.",
        "Kan je mij uit deze mailing halen?",
        "Gelieve mijn adres te schrappen uit uw lijst.",
        "Ik wil van deze mailinglijst af.",
        "Mag ik eraf?",
        "Haal me eraf aub",
        "verwijderen svp",
        "GRAAG UITSCHRIJVEN!!!",
        "Ik wil mij uitschrijven",
        "Wil je me a.u.b. van de verzendlijst halen?",
        "Cancel my subscription",
        "Opt out",
        "Please opt me out of these emails.",
        "I'd like to unsubscribe from this",
        "Kindly take my name off your list",
        "no more emails please",
        "Unsubscribe",
        "unsubscribe me please",
        "Please unsubscribe.",
        "Please remove me from your mailing list.",
        "Take me off this list!",
        "Remove me",
        "Stop sending me these emails",
        "I no longer wish to receive your newsletter.",
        "Please do not send me any more newsletters",
    ],
)
def test_plain_request_is_understood(text: str) -> None:
    found = read_mail(mail(text + QUOTE, **HEAD), NOW, RETURN_PATH)
    assert found.kind is MailKind.REQUEST
    assert [(event.kind, event.key, event.recipient) for event in found.events] == [
        (EventKind.UNSUBSCRIBED, KEY, "sanne@lezer.example")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Mooi nummer!",
        "",
        "Ik wil me afmelden voor de studiedag van 5 maart.",
        "Helaas moet ik me afmelden voor het bestuurlijk ontbijt.",
        "Hoe kan ik me afmelden voor de nieuwsbrief?",
        "Waarom ben ik afgemeld?",
        "Ik wil me niet afmelden, maar wel een ander adres doorgeven.",
        "Please do not unsubscribe me, I like it.",
        "I was unsubscribed by mistake, please add me again.",
        "Ik heb mijn lidmaatschap van de sportclub opgezegd, en nu heb ik tijd voor jullie!",
        "Stop met die mooie foto's, ik word jaloers.",
        "Can you remove the typo in the second article?",
        "Kunt u de foto verwijderen?",
        "I will be removed from office soon.",
        "Ik kan me niet uitschrijven voor de cursus, de knop doet het niet",
        "Hoeveel mensen hebben zich uitgeschreven?",
        "Graag aanmelden voor de nieuwsbrief",
        "De knop afmelden in uw artikel over pesten is mooi gekozen.",
        "Kunt u het artikel over afmelden bij school rectificeren?",
        "Please remove me from the list of attendees only.",
    ],
)
def test_other_answers_are_left_to_people(text: str) -> None:
    found = read_mail(mail(text + QUOTE, **HEAD), NOW, RETURN_PATH)
    assert (found.kind, found.events) == (MailKind.OTHER, ())


@pytest.mark.parametrize(
    "quote",
    [
        "\n\n> Please unsubscribe me\n",
        "\n\nOn Tue, Feb 20, 2024 at 9:30 AM De Brug\n<brug@brug.example> wrote:\n\nunsubscribe me please\n",
        "\n\n-----Oorspronkelijk bericht-----\nVan: De Brug\nunsubscribe me please\n",
        "\n\n________________________________\nVan: De Brug <brug@brug.example>\nVerzonden: dinsdag\n\n"
        "unsubscribe me please\n",
        "\n\nFrom: De Brug <brug@brug.example>\nSent: Tuesday\n\nunsubscribe me please\n",
        "\n-- \nunsubscribe me please\n",
    ],
)
def test_what_is_quoted_does_not_count(quote: str) -> None:
    assert read_mail(mail("Dank, mooi!" + quote, **HEAD), NOW, RETURN_PATH).kind is MailKind.OTHER


def test_what_is_quoted_in_html_does_not_count() -> None:
    html = '<p>Dank!</p><div class="gmail_quote"><blockquote>Graag afmelden</blockquote></div>'
    assert read_mail(mail(html, kind="html", **HEAD), NOW, RETURN_PATH).kind is MailKind.OTHER
    asked = "<p>Graag <b>afmelden</b></p><blockquote>Nieuwsbrief 12</blockquote>"
    assert read_mail(mail(asked, kind="html", **HEAD), NOW, RETURN_PATH).kind is MailKind.REQUEST


def test_what_is_quoted_in_encoded_html_does_not_count() -> None:
    html = "<p>Dank!</p><blockquote><p>Afmelden</p></blockquote>"
    raw = mail(html, kind="html", **HEAD)
    head, _, body = raw.partition(b"\r\n\r\n")
    encoded = head.replace(b"8bit", b"base64").replace(b"7bit", b"base64") + b"\r\n\r\n" + base64.encodebytes(body)
    assert b"base64" in head.replace(b"8bit", b"base64")
    assert read_mail(encoded, NOW, RETURN_PATH).kind is MailKind.OTHER


def test_words_of_machines_in_what_is_quoted_do_not_count() -> None:
    quote = f"\n\n{WROTE}\n> Dit is een automatisch gegenereerd bericht, this is an automated message.\n"
    assert read_mail(mail(f"Graag afmelden{quote}", **HEAD), NOW, RETURN_PATH).kind is MailKind.REQUEST


def test_subject_alone_can_ask() -> None:
    found = read_mail(mail("", **{**HEAD, "Subject": "unsubscribe"}), NOW, RETURN_PATH)
    assert found.kind is MailKind.REQUEST


def test_request_that_answers_nothing_of_ours_has_no_key() -> None:
    head = {**HEAD, "In_Reply_To": "", "References": "<abc@else.example>"}
    [event] = read_mail(mail("Graag afmelden", **head), NOW, RETURN_PATH).events
    assert event.key is None


def test_long_letter_is_left_to_people() -> None:
    assert read_mail(mail("Graag afmelden. " + "En nog iets. " * 60, **HEAD), NOW, RETURN_PATH).kind is MailKind.OTHER
