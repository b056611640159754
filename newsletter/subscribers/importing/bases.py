"""Why somebody may be mailed who did not ask for it here: what an import must say, as the law wants it told."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newsletter.errors import SubscriberError
from newsletter.subscribers.addresses import clean_text

LONGEST: Final = 200


class Basis(StrEnum):
    """The bases that have a name.

    Source: AVG (GDPR) article 6(1); Telecommunicatiewet article 11.7(1) to (3).
    """

    OPT_IN = "opt-in"
    CUSTOMER = "customer"
    CONTRACT = "contract"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a basis means, for who has to choose one."""

    english: str
    dutch: str


EXPLAINED: Final[Mapping[Basis, Explanation]] = {
    Basis.OPT_IN: Explanation(
        "they asked for this newsletter elsewhere, and you can show that",
        "ze hebben elders om deze nieuwsbrief gevraagd, en dat is aan te tonen",
    ),
    Basis.CUSTOMER: Explanation(
        "customers, told at the sale that they would be mailed about similar things and could refuse (soft opt-in)",
        "klanten, aan wie bij de verkoop is gezegd dat er mail over iets dergelijks komt en dat ze dat konden weigeren",
    ),
    Basis.CONTRACT: Explanation(
        "the newsletter is part of what they agreed to, such as a membership",
        "de nieuwsbrief hoort bij wat is afgesproken, zoals een lidmaatschap",
    ),
    Basis.OTHER: Explanation(
        "something else, in your own words: other: …",
        "iets anders, in uw eigen woorden: other: …",
    ),
}


def read_basis(text: str) -> str:
    """Read a basis: the name of one, or `other:` with words of one's own.

    Raises:
        SubscriberError: It is neither.
    """
    name, _, words = clean_text(text).partition(":")
    words = words.strip()
    if name == Basis.OTHER and words:
        return f"{Basis.OTHER}: {words[:LONGEST]}"
    if name in {*Basis} - {Basis.OTHER} and not words:
        return name
    raise SubscriberError(
        "'other' needs words behind it" if name == Basis.OTHER else f"{text[:40]!r} is no basis",
        remedy="There are: "
        + "; ".join(f"{basis} ({explained.english})" for basis, explained in EXPLAINED.items())
        + ".",
    )
