"""Reads what a reader asks by mail: to be left alone.

Only what they wrote themselves counts, above what they quote and before their signature; and only what asks without
conditions. To cancel for a meeting is no request to leave the newsletter.
"""

import re
from typing import Final

from newsletter.feedback.mail.entities import Entity
from newsletter.feedback.mail.quoting import own_text

LONGEST_REQUEST: Final = 80
"""How many words one's own text may have; who writes more wants to be read by a person."""

_LETTER: Final = (
    r"(?:nieuws?-?brie(?:f|ven)|mailing\w*|(?:e-?)?mail\w*|lijst\w*|list\w*|newsletters?|bulletins?|updates?|berichten)"
)
_ME: Final = r"(?:mij|me|ons|(?:mijn?|m'n|dit|ons) (?:e-?mail)?-?(?:adres|gegevens|naam)|mijn e-?mail ?adres)"
_LISTS: Final = rf"(?:(?:de|deze|jullie|uw|je|die) )?(?:{_LETTER}|verzendlijst|(?:adressen)?bestand\w*|database)"
_ASKED: Final = re.compile(
    "|".join(
        (
            # Dutch.
            r"\b(?:graag|gelieve|wil(?:t|len)?|verzoek|svp|aub|kunt?|kan|mag)\b[^.?!\n]{0,60}"
            r"\b(?:af ?(?:te )?melden|uit ?(?:te )?schrijven)\b",
            r"\b(?:abonnement|nieuwsbrief|inschrijving|aanmelding)\b[^.?!\n]{0,20}"
            r"\b(?:op ?(?:te )?zeggen|stop ?(?:te )?zetten|be[ëe]indigen|annuleren|in ?(?:te )?trekken)",
            rf"\b(?:meld|schrijf)\b[^.?!\n]{{0,40}}\b{_ME}\b[^.?!\n]{{0,40}}\b(?:af|uit)\b"
            rf"|^\W{{0,5}}meld\b[^.?!\n]{{0,40}}\baf\b",
            rf"\b(?:haal|verwijder|schrap)\b[^.?!\n]{{0,40}}\b{_ME}\b"
            rf"|\b{_ME}\b[^.?!\n]{{0,20}}\b(?:te )?(?:verwijder|schrap)",
            rf"\b{_ME}\b[^.?!\n]{{0,30}}\b(?:van|uit) {_LISTS}[^.?!\n]{{0,20}}\b(?:halen|nemen|schrappen|gooien)",
            rf"\b(?:van|uit) {_LISTS} af\b|\b(?:haal|mag|wil|kan)\b[^.?!\n]{{0,20}}\beraf\b",
            r"^\W{0,5}(?:afmelden|uitschrijven|afmelding|uitschrijving|opzeggen|verwijderen|schrappen|stop(?:pen)?"
            r"|unsubscribe|opt[- ]?out)\b\W{0,5}"
            rf"(?:(?:aub|svp|graag|alstublieft|please|voor|van|uw|de|deze|uit|met|{_LETTER})\W{{0,3}}){{0,6}}$",
            rf"\b(?:geen|niet (?:meer|langer))\b[^.?!\n]{{0,40}}\b{_LETTER}[^.?!\n]{{0,30}}(?:meer|ontvangen"
            r"|sturen|toesturen)",
            r"\bniet (?:meer|langer) (?:\w+ ){0,3}(?:ontvangen|toegestuurd|toegezonden)",
            # English.
            r"\bunsubscribe (?:me|us|this|my|from|please)\b|\b(?:please|pls|kindly|want to|like to"
            r"|wish to) unsubscribe\b",
            rf"\b(?:remove|take|delete) (?:me|us|my (?:\w+ ){{0,2}}|this (?:\w+ ){{0,2}})[^.?!\n]{{0,30}}"
            rf"\b(?:from|off)\b[^.?!\n]{{0,30}}\b(?:{_LETTER}|database|subscri\w+)",
            r"^\W{0,5}(?:please |pls )?(?:remove|unsubscribe)(?: me| us)?(?:,? please)?\W{0,5}$",
            r"\bopt (?:me|us) out\b|\bcancel (?:my|this|the) (?:\w+ )?(?:subscription|newsletter)",
            r"\b(?:stop|quit|no longer|cease)\b[^.?!\n]{0,30}\b(?:sending|mailing|receiv\w+|emailing)\b",
            rf"\b(?:do not|don['’]t|no longer)\b[^.?!\n]{{0,25}}\b(?:want|wish|send)\b[^.?!\n]{{0,40}}\b{_LETTER}",
            rf"^\W{{0,5}}no more {_LETTER}",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)
_DOTS: Final = re.compile(r"(?<=\b\w)\.(?=\w\.)|(?<=\.\w)\.")
"""Those of "a.u.b." and the like, which end no sentence."""
_NOT_MEANT: Final = re.compile(
    "|".join(
        (
            rf"\b(?:afmeld|uitschrij|afgemeld|aanmeld|meld|schrijf)\w*\b[^.?!\n]{{0,25}}\b(?:voor|bij|van)\b "
            rf"(?!(?:\w+ ){{0,4}}(?:{_LETTER}))\w+",
            r"\b(?:niet|nooit|don['’]t|do not|not|never)\b[^.?!\n]{0,15}\b(?:afmeld|uitschrij|unsubscribe|remove"
            r"|verwijder)",
            r"\b(?:hoe|waarom|how|why|when|wanneer)\b[^.?!\n]{0,60}\b(?:afmeld|uitschrij|unsubscrib|remove|afgemeld)",
            r"\b(?:per ongeluk|by (?:mistake|accident)|accidentally|toch (?:weer|wel)|opnieuw aanmelden|resubscribe)\b",
            r"\b(?:alleen|behalve|maar wel|only|except|but (?:please )?keep)\b",
        )
    ),
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    rf"^\W{{0,5}}(?:please |graag )?(?:unsubscribe|afmelden|uitschrijven|afmelding|uitschrijving|opzeggen|remove me)"
    rf"(?: (?:me|van|voor|from|uw|de|this|the|your|{_LETTER})){{0,5}}\W{{0,5}}$",
    re.IGNORECASE,
)


def asks_to_leave(message: Entity) -> bool:
    """Tell whether a reader's mail asks to be left alone, in Dutch or English."""
    own = _DOTS.sub("", own_text(message))
    if len(own.split()) > LONGEST_REQUEST or _NOT_MEANT.search(own):
        return False
    return _ASKED.search(own) is not None or _SUBJECT.search(message.words("subject")) is not None
