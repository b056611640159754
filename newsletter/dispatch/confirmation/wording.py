"""The words of the mails that something is confirmed by; `template/translations` has them in other languages.

They hold nothing that the person who asked has written: whoever fills a stranger's address into a form must not be able
to have a message of their own mailed to that stranger.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.errors import Place, TemplateError
from newsletter.render import CONFIRMATION, Slots, Translations, Wording
from newsletter.subscribers import Kind

ASKED, LAPSES, LISTS, LINK, CONSENT = "asked", "lapses", "lists", "link", "consent"
"""What is filled in for each mail: when it was asked, until when it counts, for which lists, by which link, and the
words that are agreed to."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """What all these mails have in common.

    Args:
        newsletter: Its name.
        mailbox: The address to write to.
    """

    newsletter: str
    mailbox: str


def write(kind: Kind, about: Correspondence, words: Translations, slot: Slots, *, has_consent: bool) -> Wording:
    """Write a mail of one kind.

    Args:
        has_consent: Whether there are words that are agreed to.
    """
    return _WRITERS[kind](_Writer(about, words, slot, has_consent))


@dataclass(frozen=True, slots=True)
class _Writer:
    about: Correspondence
    words: Translations
    slot: Slots
    has_consent: bool

    def say(self, message: str) -> str:
        """Translate, and fill in what a sentence names.

        Raises:
            TemplateError: A translation names something else.
        """
        values = {name: self.slot(name) for name in (ASKED, LAPSES, LISTS) if f"%({name})s" in message}
        translated = self.words.gettext(message)
        try:
            return translated % {"newsletter": self.about.newsletter, **values}
        except (KeyError, ValueError, TypeError) as error:
            raise TemplateError(
                f"{translated!r} cannot be filled in",
                where=Place(file=f"templates/{CONFIRMATION}/translations/{self.words.tag}.po"),
                remedy=f"Keep what stands in %(…)s in {message!r}, and write %% for the sign itself.",
            ) from error


def _join(writer: _Writer) -> Wording:
    say = writer.say
    return Wording(
        subject=say("Confirm your subscription to %(newsletter)s"),
        title=say("Please confirm your subscription"),
        told=(
            say("On %(asked)s somebody, most likely you, signed this address up for: %(lists)s."),
            say("You will receive it only once you have confirmed this."),
        ),
        button=say("Yes, sign me up"),
        link=writer.slot(LINK),
        copied=say(_COPIED),
        after=(
            say("If you do nothing, nothing happens: you will not be signed up. You can confirm until %(lapses)s."),
        ),
        agreed=say("You then agree to this:") if writer.has_consent else "",
        consent=writer.slot(CONSENT) if writer.has_consent else "",
        contact=say(_NOT_YOU),
        mailbox=writer.about.mailbox,
        footing=say(_ONCE),
    )


def _address(writer: _Writer) -> Wording:
    say = writer.say
    return Wording(
        subject=say("Confirm your new address for %(newsletter)s"),
        title=say("Please confirm your new address"),
        told=(
            say("On %(asked)s somebody, most likely you, asked us to send %(newsletter)s to this address from now on."),
        ),
        button=say("Yes, this is my address"),
        link=writer.slot(LINK),
        copied=say(_COPIED),
        after=(say("If you do nothing, everything stays as it is. You can confirm until %(lapses)s."),),
        contact=say(_NOT_YOU),
        mailbox=writer.about.mailbox,
        footing=say(_ONCE),
    )


def _moved(writer: _Writer) -> Wording:
    say = writer.say
    return Wording(
        subject=say("Your address for %(newsletter)s has been changed"),
        title=say("Your address has been changed"),
        told=(
            say(
                "On %(asked)s another address of yours was confirmed. %(newsletter)s goes there from now on, not here."
            ),
            say("If that was you, you need do nothing."),
        ),
        after=(),
        contact=say("Was it not you? Write to us, and we shall look into it:"),
        mailbox=writer.about.mailbox,
        footing=say("This message was sent once, because of that change."),
    )


def _link(writer: _Writer) -> Wording:
    say = writer.say
    return Wording(
        subject=say("Your own page of %(newsletter)s"),
        title=say("Your own page"),
        told=(
            say("On %(asked)s somebody, most likely you, asked for the link to your own page."),
            say("There you choose what you receive, change your address, and unsubscribe."),
        ),
        button=say("Open my own page"),
        link=writer.slot(LINK),
        copied=say(_COPIED),
        after=(
            say(
                "If you do nothing, nothing changes. Whoever has the link can change what is yours: do not pass it on."
            ),
        ),
        contact=say(_NOT_YOU),
        mailbox=writer.about.mailbox,
        footing=say(_ONCE),
    )


_COPIED: Final = "If the button does not work, open this link:"
_NOT_YOU: Final = "Was it not you? Then you need do nothing. If it keeps happening, report it to us:"
_ONCE: Final = "This message was sent once, because somebody asked for it with your address."
_WRITERS: Final[Mapping[Kind, Callable[[_Writer], Wording]]] = {
    Kind.JOIN: _join,
    Kind.ADDRESS: _address,
    Kind.MOVED: _moved,
    Kind.LINK: _link,
}
