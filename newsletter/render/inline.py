"""From prepared MJML to the finished HTML: the engine, then the style sheets into the elements.

premailer is used in the one way that leaves MJML's own markup alone, behind one function, so that it can be
replaced.
"""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final

from newsletter.errors import NOWHERE, Place, TemplateError
from newsletter.render.narrowing import narrowed
from newsletter.render.prepare import Prepared
from newsletter.render.quoting import requoted

_OPTIONS: Final[dict[str, Any]] = {
    "allow_network": False,
    "allow_loading_external_files": False,
    "strip_important": False,
    "disable_validation": True,
    "disable_basic_attributes": ["width", "height", "align", "valign", "bgcolor"],
    "align_floating_images": False,
    "remove_unset_properties": False,
    "keep_style_tags": False,
    "cache_css_parsing": True,
    "method": "html",
}
_STYLE: Final = re.compile(r"(<!--.*?-->)|<style\b", re.DOTALL)
_STYLE_ELEMENT: Final = re.compile(r"<style\b.*?</style>", re.DOTALL)
_KEEP: Final = ' data-premailer="ignore"'
_POSITION: Final = re.compile(r"position (\d+)(?::\d+)?")
_ADJACENT: Final = "<![endif]--><!--[if mso | IE]>"
_SHEETS_KEPT: Final = 32
_DOCTYPE: Final = "<!DOCTYPE html>"
_ESCAPE: Final = re.compile(r"<[a-zA-Z][^<>]*=\"[^\"<>]*\\")
"""A backslash in an attribute of the engine's: what is handed to it has none."""
_LOCK: Final = Lock()


def to_html(prepared: Prepared) -> str:
    """Turn MJML into HTML.

    Raises:
        TemplateError: The engine refuses what passed the checks, and names the line as far as it tells; or it would
            change an attribute.
    """
    mjml2html = _engine()
    try:
        html: str = mjml2html(prepared.source, disable_comments=True, fonts={})
    except ValueError as error:
        raise TemplateError(
            f"MJML cannot be read: {error}",
            where=_place_of(str(error), prepared),
            remedy="Look for an element that is not closed, or a sign that should be escaped.",
        ) from error
    escape = _ESCAPE.search(html)
    if escape is not None:
        raise TemplateError(
            f"the MJML engine would change the attribute {escape[0].rpartition(' ')[2]!r}",
            where=Place(prepared.name),
            remedy="Report this with the template; it should have been written in another way.",
        )
    return _DOCTYPE + html.removeprefix("<!doctype html>")


def inline(html: str, css: Sequence[str], where: Place = NOWHERE) -> str:
    """Write style sheets into the elements they match.

    Args:
        html: A whole document. Style elements that it has stay as they are, media queries and all.
        css: Style sheets with plain selectors, in the order of the cascade.
        where: The place of the first of them.

    Raises:
        TemplateError: A style sheet cannot be read, or something of the document would be lost.
    """
    sheets = [sheet for sheet in css if sheet.strip()]
    result = _premail(html, sheets, where) if sheets and html.strip() else html
    _assert_whole(html, result, where)
    return result.replace(_ADJACENT, "")


def _premail(html: str, sheets: list[str], where: Place) -> str:
    marked = _STYLE.sub(lambda match: match[1] or f"<style{_KEEP}", html)
    premailer = _premailer()
    with _LOCK:
        try:
            result: str = premailer(css_text=sheets, **_OPTIONS).transform(marked, pretty_print=False)
        except Exception as error:  # premailer and its parsers raise whatever comes
            raise TemplateError(
                f"the style sheet cannot be applied: {type(error).__name__}: {error}",
                where=where,
                remedy="Use selectors of elements and classes only.",
            ) from error
    # Premailer takes its mark away again, but not from style elements for some media only.
    return requoted(result.replace(_KEEP, ""))


def _assert_whole(before: str, after: str, where: Place) -> None:
    """Hold the result against what must not change.

    Raises:
        TemplateError: A post-condition does not hold.
    """
    conditions = {
        "the doctype": after.startswith(_DOCTYPE) or not before.startswith(_DOCTYPE),
        "a comment for Outlook": all(
            before.count(sign) == after.count(sign) for sign in ("<!--[if", "<![endif]", "<!--<![endif]-->")
        ),
        "the end of the text": _last_words(before) == _last_words(after),
    }
    for what, holds in conditions.items():
        if not holds:
            raise TemplateError(
                f"{what} would be lost or changed while styles are inlined",
                where=where,
                remedy="Look for links around tables, style elements in texts, or very deep nesting.",
            )


def _last_words(html: str) -> str:
    body = _STYLE_ELEMENT.sub("", html[max(html.rfind("<body"), 0) :])
    tail = re.sub(r"<[^>]*>", " ", body[-6_000:].partition(">")[2])
    words = re.sub(r"&[#\w]+;|[^\w]", "", tail)
    return words[-20:]


def _place_of(message: str, prepared: Prepared) -> Place:
    found = _POSITION.search(message)
    if found is None:
        return Place(prepared.name)
    before = prepared.source.encode()[: int(found[1])].decode("utf-8", "replace")
    return Place(prepared.name, before.count("\n") + 1)


@lru_cache(maxsize=1)
def _engine() -> Any:
    from mjml import mjml2html

    return mjml2html


@lru_cache(maxsize=1)
def _premailer() -> Any:
    import cssutils
    from premailer import Premailer

    cssutils.log.setLevel(logging.CRITICAL)
    kept: dict[tuple[str, int], Any] = {}

    class Inliner(Premailer):  # type: ignore[misc]
        """Premailer, which would write the rules of the same sheets out anew for every document.

        Nor need it look at every element for every class.
        """

        def transform(self, html: str, pretty_print: bool = False) -> Any:
            self.document = html
            return super().transform(html, pretty_print=pretty_print)

        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:
            key = css_body, ruleset_index
            if key not in kept:
                if len(kept) >= _SHEETS_KEPT:
                    kept.clear()
                kept[key] = super()._parse_style_rules(css_body, ruleset_index)
            rules, leftover = kept[key]
            return narrowed(rules, self.document), leftover

    return Inliner
