"""A message as a mail client shows it: without what that client does not support, as far as the data knows."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from newsletter.cli.preview.markup import Kind, Token, attributes, joined, tokens, with_attribute
from newsletter.compatibility import WORD_ENGINE, Feature, Level, Support, support
from newsletter.compatibility import features as known_features
from newsletter.compatibility import naming as features
from newsletter.compatibility.stylesheet import Block, Rule, Statement, declarations, rules, split, write

_WORD_VERSION: Final = 16
_WITH_CONTENT: Final = frozenset({"style", "svg", "video", "audio", "object", "select", "textarea"})
_FOR_WORD: Final = re.compile(r"<!--\[if ([^\]]*)\]>(.*?)<!\[endif\]-->", re.DOTALL)
_NOT_FOR_WORD: Final = re.compile(r"<!--\[if !mso[^\]]*\]><!-->(.*?)<!--<!\[endif\]-->", re.DOTALL)
_CONDITION: Final = re.compile(r"(?:(lt|lte|gt|gte) )?mso(?: (\d+))?\s*(?:\|\s*IE)?")
_URL: Final = re.compile(r"url\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Loss:
    """A feature that a message uses and a client does not, or not wholly, support.

    Args:
        uses: How often the message uses it.
    """

    feature: Feature
    support: Support
    uses: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a client makes of a message.

    Args:
        dropped: What is taken out of the HTML here.
        partly: What the client supports with the exceptions that its notes tell; it is still in the HTML.
    """

    html: str
    dropped: tuple[Loss, ...]
    partly: tuple[Loss, ...]


def simulate(html: str, client: str) -> Simulation:
    """Take out of a message what a client does not support; text is never added."""
    judge = _Judge(client)
    if client in WORD_ENGINE:
        html = for_word(html)
    changed = joined(_pieces(tokens(html), judge))
    return Simulation(changed, judge.losses(Level.NO), judge.losses(Level.PARTLY))


def for_word(html: str) -> str:
    """Give the body as Word reads it: with what stands in comments for it, without what is hidden from it."""
    head, tag, body = html.partition("<body")
    body = _NOT_FOR_WORD.sub("", body)
    return head + tag + _FOR_WORD.sub(lambda found: found[2] if _holds(found[1]) else "", body)


class _Judge:
    """Decides what is lost, and keeps count."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._uses: Counter[str] = Counter()

    def loses(self, *slugs: str | None) -> bool:
        """Tell whether the client lacks one of these features, each of which is used once more."""
        known = [slug for slug in slugs if slug is not None and slug in known_features()]
        self._uses.update(known)
        return any(self.lacks(slug) for slug in known)

    def lacks(self, slug: str | None) -> bool:
        """Tell whether the client lacks a feature, without counting it."""
        return slug in known_features() and support(str(slug), self._client).level is Level.NO

    def losses(self, level: Level) -> tuple[Loss, ...]:
        found = (Loss(known_features()[slug], support(slug, self._client), uses) for slug, uses in self._uses.items())
        return tuple(
            sorted(
                (loss for loss in found if loss.support.level is level),
                key=lambda loss: (-loss.uses, loss.feature.slug),
            )
        )


def _pieces(parts: Iterable[Token], judge: _Judge) -> Iterator[Token]:
    rest = iter(parts)
    for token in rest:
        if token.kind is Kind.START:
            kept = _start(token, judge)
            if kept is not None:
                yield kept
            elif token.name in _WITH_CONTENT and token.opens:
                _skip(rest, token.name)
        elif token.kind is Kind.RAW and token.name == "style":
            yield replace(token, source=_sheet(token.source, judge))
        # An end tag goes the way of its start tag, and is not another use.
        elif token.kind is not Kind.END or not judge.lacks(features.ELEMENTS.get(token.name)):
            yield token


def _skip(rest: Iterator[Token], name: str) -> None:
    """Read on to the end of an element that goes with all that is in it."""
    depth = 1
    for token in rest:
        if token.name == name:
            depth += token.opens - (token.kind is Kind.END)
        if not depth:
            return


def _start(token: Token, judge: _Judge) -> Token | None:
    held = attributes(token)
    if judge.loses(features.ELEMENTS.get(token.name)):
        return None
    if token.name == "style" and "media" in held and judge.loses(*features.of_at_rule(f"@media {held['media']}")):
        return with_attribute(token, "media", "not all")
    if token.name == "meta" and "color-scheme" in held.get("name", "") and judge.loses("html-meta-color-scheme"):
        return None
    for name in held:
        if judge.loses(features.ATTRIBUTES.get(name)):
            token = with_attribute(token, name, None)
    if token.name == "img" and held.get("src") and judge.loses(features.of_picture(held["src"])):
        token = with_attribute(token, "src", None)
    if token.name == "a" and judge.loses(features.of_link(held.get("href", ""))):
        token = with_attribute(token, "href", None)
    style = held.get("style")
    return _with_style(token, style, judge) if style else token


def _with_style(token: Token, style: str, judge: _Judge) -> Token:
    kept = _declarations(style, judge)
    whole = [f"{name}:{value}" for name, value in declarations(style)]
    return token if kept == whole else with_attribute(token, "style", ";".join(kept) or None)


def _declarations(body: str, judge: _Judge) -> list[str]:
    kept: list[str] = []
    for name, value in declarations(body):
        shown = value
        if name == "background" and "url(" in value and judge.loses("css-background-image"):
            # A client without background pictures still draws the colour of the same declaration.
            shown = _URL.sub("", value).strip()
        if shown and not judge.loses(*features.of_declaration(name, shown)):
            kept.append(f"{name}:{shown}")
    return kept


def _sheet(css: str, judge: _Judge) -> str:
    read = rules(css)
    kept = tuple(_rules(read, judge))
    return css if kept == read else write(kept)


def _rules(parts: tuple[Rule, ...], judge: _Judge) -> Iterator[Rule]:
    for part in parts:
        if isinstance(part, Statement):
            if not judge.loses(*features.of_at_rule(part.text)):
                yield part
        elif part.prelude.startswith("@"):
            yield from _at_rule(part, judge)
        else:
            yield from _plain_rule(part, judge)


def _at_rule(rule: Block, judge: _Judge) -> Iterator[Rule]:
    if judge.loses(*features.of_at_rule(rule.prelude)):
        return
    yield rule if isinstance(rule.body, str) else replace(rule, body=tuple(_rules(rule.body, judge)))


def _plain_rule(rule: Block, judge: _Judge) -> Iterator[Rule]:
    selectors = split(rule.prelude, ",")
    kept = [one for one in selectors if not judge.loses(*features.of_selector(one.strip()))]
    body = str(rule.body)
    declared = _declarations(body, judge)
    if not kept or not declared:
        return
    unchanged = len(declared) == len(list(declarations(body)))
    yield Block(",".join(kept), body if unchanged and "url(" not in body else "; ".join(declared))


def _holds(condition: str) -> bool:
    """Tell whether Word reads a conditional comment: `mso`, `mso | IE`, `gte mso 9`."""
    found = _CONDITION.fullmatch(condition.strip().strip("()"))
    if found is None:
        return False
    comparison, number = found[1], int(found[2] or _WORD_VERSION)
    return {
        None: number == _WORD_VERSION,
        "lt": number > _WORD_VERSION,
        "lte": number >= _WORD_VERSION,
        "gt": number < _WORD_VERSION,
        "gte": number <= _WORD_VERSION,
    }[comparison]
