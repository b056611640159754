"""What the mails say, in which language, and in whose words."""

import inspect
import re

import pytest
from babel.messages.pofile import read_po
from PIL import Image

from newsletter.dispatch.confirmation import letters, wording
from newsletter.subscribers import Kind
from support.confirming import Desk, another_list, text_of

TRANSLATIONS = letters._OWN_FOLDER / "translations"


def catalogue(language: str) -> dict[str, str]:
    with (TRANSLATIONS / f"{language}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id}


def test_every_sentence_is_there_in_dutch_and_names_the_same_things() -> None:
    source = inspect.getsource(wording)
    said = {message for message in re.findall(r'(?:say\(|: Final = )\s*"([^"]+)"', source) if " " in message}
    dutch = catalogue("nl")
    assert len(said) > 20
    assert set(dutch) == said
    for message, translated in {**dutch, **catalogue("nl-x-informal")}.items():
        assert sorted(re.findall(r"%\(\w+\)s", message)) == sorted(re.findall(r"%\(\w+\)s", translated))


def test_informal_words_differ_only_where_people_are_spoken_to() -> None:
    formal, informal = catalogue("nl"), catalogue("nl-x-informal")
    spoken_to = re.compile(r"\bu(w|zelf)?\b", re.IGNORECASE)
    assert {message for message, said in formal.items() if spoken_to.search(said)} == set(informal)
    assert not any(spoken_to.search(said) for said in informal.values())


@pytest.mark.parametrize(
    ("workspace_speaks", "asked", "subject"),
    [
        ("nl", "nl", "Bevestig uw aanmelding voor Het Veiligheidshuis"),
        ("nl", "en", "Confirm your subscription to Het Veiligheidshuis"),
        ("nl", "en-GB", "Confirm your subscription to Het Veiligheidshuis"),
        ("nl", "fr", "Bevestig uw aanmelding voor Het Veiligheidshuis"),
        ("nl-x-informal", "nl", "Bevestig je aanmelding voor Het Veiligheidshuis"),
        ("nl-x-informal", "fr", "Bevestig je aanmelding voor Het Veiligheidshuis"),
        ("fr", "fr", "Confirm your subscription to Het Veiligheidshuis"),
    ],
)
def test_language_is_the_persons_or_else_the_newsletters(
    small: Desk, workspace_speaks: str, asked: str, subject: str
) -> None:
    small.environ["NEWSLETTER_LANGUAGE"] = workspace_speaks
    small.ask("sanne", asked)
    small.mail()
    (message,) = small.outbox()
    assert message["Subject"] == subject
    assert message["Content-Language"] == subject_language(subject) if asked != "en-GB" else "en-GB"


def subject_language(subject: str) -> str:
    return "en" if subject.startswith("Confirm") else "nl"


def test_mail_says_what_was_asked_and_when_and_what_happens_otherwise(small: Desk) -> None:
    desk = small.with_lists(another_list("een", "De Brug"), another_list("twee", "Agenda"), another_list("drie", "Rap"))
    desk.ask("sanne", first_name="Sanne")
    desk.mail()
    (message,) = desk.outbox()
    for kind in ("plain", "html"):
        text = " ".join(re.sub(r"<[^>]*>", " ", text_of(message, kind)).split())
        assert "Op 20 februari 2024 om 9.30 uur heeft iemand" in text
        assert "De Brug, Agenda en Rap" in text
        assert "tot 27 februari 2024 om 9.30 uur" in text
        assert "Ja, stuur mij elke maand de nieuwsbrief." in text
        assert "Voorbeeldstraat 1, 3500 AA Utrecht" in text
        assert "192.0.2" not in text
        assert "Sanne" not in text


def test_without_words_to_agree_to_none_are_spoken_of(small: Desk) -> None:
    small.ask("sanne", consent="")
    small.mail()
    (message,) = small.outbox()
    assert "stemt dan in" not in text_of(message) + text_of(message, "html")


def test_workspace_has_words_and_a_look_of_its_own_where_it_wants(small: Desk) -> None:
    own = small.workspace.templates / "confirmation"
    (own / "translations").mkdir(parents=True)
    (own / "theme.toml").write_text('[colors]\nink = "#123456"\n', encoding="utf-8")
    (own / "translations/nl.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: nl\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Yes, sign me up"\nmsgstr "Ja, doe maar"\n',
        encoding="utf-8",
    )
    small.ask("sanne")
    small.mail()
    (message,) = small.outbox()
    assert "Ja, doe maar:" in text_of(message)
    assert re.search(r">\s*Ja, doe maar\s*</a>", text_of(message, "html"))
    assert "background-color:#123456" in text_of(message, "html").replace(" ", "")
    assert "U krijgt pas iets toegestuurd" in text_of(message)


def test_logo_that_is_a_file_is_published_and_shown(small: Desk) -> None:
    shared = small.workspace.templates / "shared"
    Image.new("RGB", (320, 80), "#0b4f8a").save(shared / "logo.png")
    with (shared / "theme.toml").open("a", encoding="utf-8") as file:
        file.write('\n[logo]\nlight = "./logo.png"\nalt = "Logo"\nwidth = 160\n')
    small.ask("sanne")
    small.mail()
    (message,) = small.outbox()
    (source,) = re.findall(r'<img [^>]*src="([^"]*)"', text_of(message, "html"))
    name = source.removeprefix("https://nieuwsbrief.example.org/media/")
    assert (small.workspace.root / "var/media" / name).is_file()


@pytest.mark.parametrize("broken", ["Hallo %(naam)s", "100%", "%(asked)d"])
def test_translation_that_cannot_be_filled_in_is_told_and_mailed_once_it_is_mended(small: Desk, broken: str) -> None:
    catalogue = small.workspace.templates / "confirmation/translations/nl.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "On %(asked)s somebody, most likely you, signed this address up for: %(lists)s."\n'
        f'msgstr "{broken}"\n',
        encoding="utf-8",
    )
    small.ask("sanne")
    small.ask("john", "en")
    turn = small.mail()
    assert turn.counts["accepted"] == 1
    (error,) = turn.failures
    assert "templates/confirmation/translations/nl.po" in str(error)
    assert "cannot be filled in" in str(error)
    catalogue.unlink()
    small.clock.pass_by(minutes=5)
    assert small.mail().counts == {"accepted": 1}


def test_mail_can_be_made_in_a_workspace_without_shared_parts(small: Desk) -> None:
    import shutil

    shutil.rmtree(small.workspace.templates)
    small.ask("sanne")
    assert small.mail().counts == {"accepted": 1}


def test_own_page_is_reached_from_a_list_that_the_person_is_on(small: Desk) -> None:
    desk = small.with_lists(another_list("een", "Een"), another_list("twee", "Twee"), another_list("drie", "Drie"))
    person = desk.person("jan", "drie", "twee")
    desk.want(Kind.LINK, "jan", person)
    desk.mail()
    (message,) = desk.outbox()
    token = text_of(message).partition("/preferences/")[2].partition(">")[0]
    assert desk.signer.verify("preferences", token) == f"{person}:twee".encode()
    assert desk.signer.verify("unsubscribe", token) is None


def test_old_address_is_told_without_a_link_and_without_the_new_one(small: Desk) -> None:
    small.want(Kind.MOVED, "vroeger", small.person("jan"))
    small.mail()
    (message,) = small.outbox()
    assert re.findall(r'href="([^"]*)"', text_of(message, "html")) == ["mailto:nieuwsbrief@example.org"]
    assert "http" not in text_of(message)
    assert "nieuwsbrief@example.org" in text_of(message)
    assert "jan@" not in text_of(message) + text_of(message, "html")
