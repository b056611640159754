"""What mail clients make of the features that somebody uses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from newsletter.compatibility.sources import Use
from newsletter.compatibility.support import WORD_ENGINE, Client, Feature, Level, edition, features

_WITH_CONTENT: Final = frozenset(
    f"html-{name}"
    for name in (
        *("audio", "dialog", "form", "marquee", "meter", "object", "progress", "select", "svg", "textarea", "video"),
        *("button-reset", "button-submit", "input-checkbox", "input-radio", "input-reset", "input-submit"),
        "input-text",
    )
)
"""Elements that are what they show, or what readers do with them: without them, that is gone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What some clients make of a feature.

    Args:
        level: How far they know it: not, or only partly.
        clients: Those of which this is so, in the order of their titles.
        uses: Where it is used and they come to it.
    """

    feature: Feature
    level: Level
    clients: tuple[Client, ...]
    uses: tuple[Use, ...]

    @property
    def facts(self) -> Mapping[str, str]:
        """What sentences tell of it: `feature`, `clients`, when it was `tested`, and the `day` of the data."""
        tested, day = self.feature.tested.isoformat(), edition().date.isoformat()
        return {"feature": self.subject, "clients": self.told, "tested": tested, "day": day}

    @property
    def loses_content(self) -> bool:
        """Whether readers miss something, and do not merely see it in another way."""
        has_fallback = all(use.has_fallback for use in self.uses)
        return self.level is Level.NO and self.feature.slug in _WITH_CONTENT and not has_fallback

    @property
    def subject(self) -> str:
        """The feature, and how often it is used where it is used more than once."""
        times = len({use.place for use in self.uses})
        return self.feature.title if times == 1 else f"{self.feature.title} ({times}×)"

    @property
    def told(self) -> str:
        """The clients with the versions that were tested, and what the data notes of each, in its own words."""
        by_note = sorted((self.feature.support[one.name].note, self._versioned(one)) for one in self.clients)
        parts = []
        for note, group in groupby(by_note, key=lambda pair: pair[0]):
            names = "; ".join(name for _, name in group)
            parts.append(f"{names}: “{note.rstrip('.')}”" if note and self.level is Level.PARTLY else names)
        return "; ".join(parts)

    def _versioned(self, client: Client) -> str:
        version = self.feature.support[client.name].version
        return f"{client.title} ({version})" if version else client.title


def judge(uses: Iterable[Use], clients: Sequence[Client]) -> Iterator[Verdict]:
    """Say of each feature which clients do not know it, and which know it in part.

    What stands where a client does not come is not held against that client, and of what was not tested nothing is
    said.
    """
    by_slug: dict[str, list[Use]] = {}
    for use in uses:
        if use.slug in features():
            by_slug.setdefault(use.slug, []).append(use)
    for slug, members in by_slug.items():
        feature = features()[slug]
        for level in (Level.NO, Level.PARTLY):
            concerned = [one for one in clients if one.name in feature.support]
            concerned = [one for one in concerned if feature.support[one.name].level is level]
            reached = tuple(use for use in members if any(_comes_to(one, use) for one in concerned))
            met = tuple(one for one in concerned if any(_comes_to(one, use) for use in reached))
            if met:
                yield Verdict(feature, level, met, reached)


def _comes_to(client: Client, use: Use) -> bool:
    if not use.for_word and client.name in WORD_ENGINE:
        return False
    around = (features()[slug] for slug in use.within if slug in features())
    return all(client.name not in one.support or one.support[client.name].level is not Level.NO for one in around)
