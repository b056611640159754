"""Whom a refusal blames, by its code and by its words: the one table for all that report."""

import re
import time

import pytest

from newsletter.providers.base import phrases
from newsletter.providers.base.faults import CODES, SUBJECTS, WORDS, fault_in_words, fault_of, is_for_now
from newsletter.providers.base.feedback import Fault
from newsletter.providers.smtp import replies

EXAMPLES = (
    "sender address is refused",
    "the sender domain cannot be resolved",
    "client host has no name",
    "your IP is refused",
    "no SPF record",
    "der Absender ist unbekannt",
    "a header is missing",
    "greylisted",
    "recipient unknown",
    "no such user",
    "that one does not exist",
    "account was removed",
    "gebruiker is onbekend",
    "mailbox is full",
    "daily sending limit",
    "account storage used up",
    "quota exceeded",
    "het postvak zit vol",
    "account is disabled",
    "account is suspended",
    "konto niedostępne",
    "domain not found",
    "il dominio non esiste",
    "message size",
    "our relay is closed",
    "our blacklist",
    "blocked by us",
    "SPF failed",
    "authentication needed",
    "this is spam",
    "limit for the hour",
    "too many mails",
    "temporarily deferred",
    "against policy",
    "access denied",
    "connection timed out",
)
"""One example for each row of the table of words."""

NOBODY = (
    "No such local user",
    "Sorry, no such mailbox",
    "Not our customer",
    "There is no one by that name here",
    "user does not live here",
    "Recipient does not exist anymore",
    "email address could not be found",
    "The email address wasn't found at example.org",
    "email wasn't found",
    "Destination address unknown",
    "Mail address unknown",
    "is not a registered user here",
    "this account doesn't exist any more",
    "Mailbox nonexistent",
    "non-existent user",
    "Non existent mailbox",
    "Invalid recipient address",
    "Invalid e-mail address",
    "recipient invalid",
    "Unknown recipient address",
    "unknown e-mail address",
    "Not a valid recipient",
    "We do not have a user with that name",
    "we have no such user",
    "Address not present in directory",
    "recipient not present in our directory",
    "No mailbox by that name is currently available",
    "Undefined mailbox",
    "Undefined recipient",
    "Can't find that user",
    "cannot find your recipient in our directory",
    "Could not find a user by that name",
    "user lookup failed, no such account",
    "Recipient is not on our system",
    "The person you wrote to no longer works here",
    "has left the company",
    "User left the organisation",
    "This employee has left our company",
    "address is obsolete",
    "Account was terminated",
    "Mailbox has been removed",
    "mailbox was deleted",
    "This address no longer accepts mail",
    "No account here by that name",
    "Name or address not recognized",
    "Mailbox unknown or not accepting mail",
    "Recipient unrecognised",
    "Addressee not found",
    "RESOLVER.ADR.RecipNotFound; not found",
    "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "host unknown",
    "No such domain at this location",
    "Domain does not exist",
    "domain not found",
    "Domain has no MX records or is invalid",
    "no mail server for that domain",
    "The domain name in the email address doesn't exist",
    "No DNS records for domain",
    "Onbekende ontvanger",
    "Ontvanger bestaat niet",
    "Dit e-mailadres bestaat niet meer",
    "Het e-mailadres is niet bekend bij ons",
    "Gebruiker onbekend",
    "E-mailadres niet gevonden",
    "De mailbox kan niet worden gevonden",
    "Deze medewerker is niet meer werkzaam",
    "Benutzer existiert nicht",
    "Empfänger unbekannt",
    "Die E-Mail-Adresse konnte nicht gefunden werden",
    "Adresse ungültig",
    "Kein solcher Benutzer",
    "Diese Adresse ist nicht mehr gültig",
    "Postfach nicht vorhanden",
    "Diese Mailadresse gibt es nicht",
    "Utilisateur inconnu",
    "Adresse e-mail inexistante",
    "Le destinataire n'existe pas",
    "L'adresse n'a pas été trouvée",
    "Aucun utilisateur de ce nom",
    "boîte aux lettres introuvable",
    "Usuario desconocido",
    "El usuario no existe",
    "No se encontró la dirección de correo electrónico",
    "La cuenta de correo no existe",
    "direccion invalida",
    "Usuário não encontrado",
    "Endereço de e-mail não existe",
    "O endereço não foi encontrado",
    "Utente sconosciuto",
    "L'utente non esiste",
    "Indirizzo email non trovato",
    "indirizzo non valido",
    "Casella inesistente",
    "Okänd mottagare",
    "Användaren finns inte",
    "adressen hittades inte",
    "Modtageren findes ikke",
    "Ukendt modtager",
    "Brukeren eksisterer ikke",
    "Mottakeren ble ikke funnet",
    "Käyttäjää ei löydy",
    "Tuntematon vastaanottaja",
    "Nie ma takiego użytkownika",
    "Użytkownik nieznany",
    "Nie znaleziono adresu",
    "Uživatel neexistuje",
    "Neznámý uživatel",
    "A felhasználó nem létezik",
    "Ismeretlen címzett",
    "Kullanıcı bulunamadı",
    "Böyle bir kullanıcı yok",
    "Пользователь не найден",
    "Такого пользователя нет",
    "Адрес не существует",
    "Несуществующий адрес",
    "Користувача не знайдено",
    "Άγνωστος χρήστης",
    "用户不存在",
    "收件人不存在",
    "邮箱不存在",
    "无此用户",
    "查無此人",
    "ユーザーが存在しません",
    "宛先が見つかりません",
    "メールアドレスは存在しません",
    "존재하지 않는 사용자",
    "사용자를 찾을 수 없습니다",
    "المستخدم غير موجود",
)
"""What servers say in many languages where nobody has an address."""
SOMETHING_ELSE = (
    "552 Postvak is vol",
    "552 mailbox van de ontvanger zit vol",
    "552 Das Postfach ist voll",
    "552 Die Mailbox ist überfüllt",
    "552 La boîte de réception est pleine",
    "552 El buzón está lleno",
    "552 A caixa de correio está cheia",
    "552 La casella di posta è piena",
    "552 Brevlådan är full",
    "552 Postkassen er fuld",
    "552 Innboksen er full",
    "552 Postilaatikko on täynnä",
    "552 Skrzynka odbiorcza jest pełna",
    "552 Schránka je plná",
    "552 A postafiók megtelt",
    "552 Posta kutusu dolu",
    "552 Почтовый ящик переполнен",
    "552 收件箱已满",
    "552 メールボックスがいっぱいです",
    "552 mailbox exceeds allowed size",
    "552 The recipient's inbox is out of storage space",
    "552 No space left in mailbox",
    "554 message looks like spam",
    "554 this message was classified as junk mail",
    "554 Bericht geweigerd wegens spam",
    "554 Nachricht wegen Spamverdacht abgelehnt",
    "554 Message considéré comme spam",
    "554 Mensaje rechazado por spam",
    "550 your domain does not exist",
    "550 Sender unknown",
    "550 unknown sender",
    "550 Sender address does not exist",
    "550 Your mail server IP is unknown to us",
    "550 Sender domain not found",
    "550 mail from unknown domain rejected",
    "550 Client host rejected: cannot find your hostname",
    "550 Reverse DNS not found",
    "550 host unknown: your PTR record does not exist",
    "550 Helo name does not exist",
    "550 SPF record not found for sending domain",
    "550 DKIM key not found",
    "550 DMARC record does not exist, unauthenticated mail refused",
    "550 Message-ID header not found",
    "550 Subject header does not exist",
    "550 attachment not allowed",
    "550 A required header was not found",
    "554 Transaction failed: too many invalid recipients",
    "550 too many unknown users from your host, blocked",
    "550 Too many invalid recipients",
    "450 user unknown, try again later",
    "451 address lookup failed, recipient not found for now",
    "550 unknown error",
    "554 unknown reason",
    "550 Rejected for unknown reason",
    "550 unknown mail transport",
    "550 Unknown command",
    "554 recipient temporarily unavailable",
    "550 user is not allowed to receive from outside",
    "550 relaying denied for unknown user",
    "550 recipient rate exceeded",
    "550 Authentication required, user unknown to this relay",
    "550 Certificate not found",
    "550 URL in this message not found on allow list",
    "550 sender not found in recipient's address book",
    "550 you are not in the recipient's list of allowed senders",
    "550 Your address is not in my list of contacts",
    "550 Sender not in allowed list",
    "550 user has blocked you",
    "550 recipient is not on the allow list",
    "550 the mailbox is not at this time open to you",
    "550 the user is not in the office",
)
"""What they say of something else, with words that sound alike."""


def test_every_row_of_words_has_an_example_that_no_earlier_row_takes() -> None:
    assert len(EXAMPLES) == len(WORDS)
    for place, example in enumerate(EXAMPLES):
        rows = [number for number, (pattern, _) in enumerate(WORDS) if re.search(pattern, example, re.IGNORECASE)]
        assert rows[0] == place, (example, WORDS[rows[0]])
        assert fault_in_words(example) is WORDS[place][1]


def test_every_code_is_known_once_and_never_only_to_one_of_the_tables_as_the_readers() -> None:
    for code, fault in CODES.items():
        blamed = replies.CODES.get(f"5.{code}", replies.Blame.UNSAID)
        if fault in (Fault.ADDRESS, Fault.MAILBOX):
            assert blamed in (replies.Blame.READER, replies.Blame.UNSAID), code
        else:
            assert blamed is not replies.Blame.READER, code
    assert Fault.ADDRESS not in SUBJECTS.values()


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        ("5.1.1", "", Fault.ADDRESS),
        ("5.1.1", "550 5.1.1 we have you on a blacklist", Fault.SENDER),
        ("5.1.1", "550 5.1.1 inbox full", Fault.MAILBOX),
        ("5.1.0", "550 5.1.0 user unknown", Fault.ADDRESS),
        ("5.1.0", "", Fault.UNKNOWN),
        ("", "550 user unknown", Fault.ADDRESS),
        ("", "450 user unknown", Fault.UNKNOWN),
        ("4.0.0", "550 user unknown", Fault.ADDRESS),
        ("4.4.3", "host not found", Fault.NETWORK),
        ("5.2.0", "550 user unknown", Fault.MAILBOX),
        ("5.3.0", "550 user unknown", Fault.NETWORK),
        ("5.3.0", "553 5.3.0 <a@example.org>... Address no longer exists", Fault.ADDRESS),
        ("5.1.1", "550 max message size exceeded", Fault.MESSAGE),
        ("5.1.1", "550 failed; this mail was scanned for viruses", Fault.ADDRESS),
        ("5.7.1", "554 5.7.1 <a@example.org>: Recipient address rejected: Nonexistent user", Fault.ADDRESS),
        ("", "550 RESOLVER.ADR.RecipNotFound; not found", Fault.ADDRESS),
        ("", "550 BAD_RECIPIENT - see our page", Fault.ADDRESS),
        ("", "550 Mailbox ( a@example.org ) not found", Fault.ADDRESS),
        ("", "550 <a@example.org> unknown", Fault.ADDRESS),
        ("5.7.1", "", Fault.SENDER),
        ("5.7.1", "550 5.7.1 this is spam", Fault.MESSAGE),
        ("5.9.9", "", Fault.UNKNOWN),
        ("", "", Fault.UNKNOWN),
        ("", "no such domain, try again", Fault.NETWORK),
        ("5.1.8", "501 5.1.8 address not found", Fault.SENDER),
    ],
)
def test_code_and_words_are_weighed(status: str, words: str, fault: Fault) -> None:
    assert fault_of(status, words) is fault


@pytest.mark.parametrize("words", NOBODY)
def test_nobody_is_known_in_whatever_words(words: str) -> None:
    assert fault_of("", f"550 {words}") is Fault.ADDRESS
    assert fault_of("5.7.1", f"550 5.7.1 {words.upper()}") is Fault.ADDRESS
    assert fault_of("", f"450 {words}") is not Fault.ADDRESS


@pytest.mark.parametrize("reply", SOMETHING_ELSE)
def test_what_sounds_alike_is_not_taken_for_an_unknown_address(reply: str) -> None:
    assert fault_of("", reply) is not Fault.ADDRESS


def test_addresses_and_hosts_that_a_server_repeats_say_nothing() -> None:
    assert fault_of("", "550 <user-unknown@spam.example> refused by no-such-user.example") is Fault.UNKNOWN


@pytest.mark.parametrize(
    ("status", "words", "expected"), [("4.2.2", "", True), ("5.0.0", "451 x", True), ("5.2.2", "452 x", False)]
)
def test_refusal_for_now_is_known_by_what_is_most_exact(status: str, words: str, expected: bool) -> None:
    assert is_for_now(status, words) is expected


@pytest.mark.parametrize(
    "unit",
    [
        "user ",
        "a",
        "a@",
        "<",
        "account or domain ",
        "message ",
        "quota ",
        "not ",
        "a.b",
        "connect",
        '"',
        "adres niet ",
        "inte ",
        "не ",
        "( ",
        "no ",
        "your ",
        "can't ",
    ],
)
def test_no_pattern_takes_long_over_a_text_that_repeats_itself(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    start = time.process_time()
    fault_of("5.0.0", text)
    phrases.own_words(text)
    assert time.process_time() - start < 0.5
