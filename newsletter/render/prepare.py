"""Stands in front of the MJML engine: brings its input into the one form it reads right, and refuses the rest.

The engine drops white space between elements, writes attributes with the escapes of its own language, takes wrong
closing tags and unknown attributes without a word, and reports byte offsets. Here every such input is either put
right or reported with its line and tag.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from newsletter.errors import NOWHERE, NewsletterError, Place, TemplateError, raise_all
from newsletter.render import tags
from newsletter.render.attributes import Attribute, component_faults, read_attributes, twice_declared, written
from newsletter.render.slots import border_pattern, slot_pattern
from newsletter.render.stylesheets import faults

DEPTH_LIMIT: Final = 60

_TOKEN: Final = re.compile(
    r"(?P<comment><!--.*?-->|<!\[endif\]-->)"
    r"|(?P<style><mj-style\b(?P<style_attributes>[^>]*)>(?P<css>.*?)</mj-style\s*>)"
    r"|<(?P<end>/?)(?P<tag>[a-zA-Z][\w:-]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)>"
    r"|(?P<text>[^<]+)"
    r"|(?P<stray><)",
    re.DOTALL,
)
_BREAKS: Final = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1f\x85]")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_INLINE: Final = re.compile(r"\binline\s*=\s*[\"']inline[\"']")
_QUOTED_OR_BORDER: Final = r"(\"[^\"]*\"|'[^']*')|{}"
_ONCE: Final = ("mjml", "mj-head", "mj-body")
_UNCUT_PARENTS: Final = frozenset({"", "mjml", "mj-head", "mj-attributes", "mj-social", "mj-navbar", "mj-hero"})
"""Elements between whose children no border can travel through the engine."""
_CUT_ATTRIBUTES: Final = frozenset({"href", "src", "alt", "title", "name", "rel", "target"})
"""Attributes of components that the engine writes once, as they are."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """MJML that the engine reads as it was meant.

    Args:
        source: The MJML.
        css: Style sheets that are to be inlined.
        css_place: Where the first of them begins.
        name: The template as a person would name it.
        uncuttable: The numbers of borders that stand where no block can be cut out afterwards; the rest is of no use
            then.
    """

    source: str
    css: tuple[str, ...]
    name: str
    css_place: Place = NOWHERE
    uncuttable: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Open:
    tag: str
    position: int
    at: int


def prepare(source: str, name: str, nonce: str = "") -> Prepared:
    """Normalise and check MJML.

    Args:
        name: For messages.
        nonce: Marks the tokens of readers' values and blocks, if there are any.

    Raises:
        TemplateError: Something would go wrong in the engine or in mail programs; names line, column and tag. The
            problems of a document are raised together.
    """
    work = _Preparation(visible(source), name, nonce or "-")
    work.run()
    if not work.uncuttable:
        raise_all(work.problems)
    return Prepared("".join(work.written), tuple(work.css), name, work.css_place, frozenset(work.uncuttable))


def visible(text: str) -> str:
    """Leave out what nobody can see and no engine can carry; every kind of line end becomes a line feed."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


class _Preparation:
    def __init__(self, text: str, name: str, nonce: str) -> None:
        self.text = text
        self.name = name
        self.border = border_pattern(nonce)
        self.value = slot_pattern(nonce)
        self.undecided = re.compile(f"{self.border.pattern}|{self.value.pattern}")
        self.outside = re.compile(_QUOTED_OR_BORDER.format(self.border.pattern))
        self.uncuttable: set[int] = set()
        self.css_place = NOWHERE
        self.once: list[str] = []
        self.written: list[str] = []
        self.css: list[str] = []
        self.problems: list[NewsletterError] = []
        self.stack: list[_Open] = []
        self.content_depth = 0
        self.classes: set[str] = set()
        self.used_classes: list[tuple[str, int]] = []
        self._line_starts: list[int] | None = None
        self.doubled: list[tuple[str, int]] = []

    def run(self) -> None:
        for match in _TOKEN.finditer(self.text):
            kind = match.lastgroup
            if match["text"] is not None:
                self._text(match["text"], match.start())
            elif match["tag"] is not None:
                self._tag(match)
            elif match["comment"] is not None:
                self._comment(match)
            elif match["css"] is not None:
                self._style(match)
            elif kind == "stray":
                self._report("a '<' that begins no tag", match.start(), "Write &lt; for the sign itself.")
        self._check_whole()

    def _check_whole(self) -> None:
        if not self.stack and "mjml" not in self.once:
            self._report("this is no MJML", 0, "Begin with <mjml>.")
        elif "mj-body" not in self.once:
            self._report("there is no <mj-body>", 0, "Put one into <mjml>: it holds what is shown.")
        for left in self.stack:
            self._report(f"<{left.tag}> is never closed", left.position, f"Add </{left.tag}>.")
        for name, position in self.used_classes:
            if name not in self.classes:
                near = get_close_matches(name, self.classes, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else "Define it in mj-attributes with mj-class."
                self._report(f"the mj-class {name!r} is not defined", position, hint)
        for name, position in self.doubled if self.css else ():
            # A style sheet that is written into the elements keeps only the last of them.
            self._report(f"{name!r} stands in a style twice", position, "Put the fallback into an mj-style.")

    @property
    def parent(self) -> str:
        return self.stack[-1].tag if self.stack else ""

    @property
    def in_content(self) -> bool:
        return self.content_depth > 0

    def _text(self, text: str, position: int) -> None:
        if self.in_content:
            self.written.append(self._content_text(text, position))
            return
        if text.isspace():
            if self.parent in ("mj-body", "mj-section", "mj-wrapper", "mj-column", ""):
                self.written.append("\n")
            return
        if not self.border.sub("", text).strip():
            if self.parent in _UNCUT_PARENTS:
                self._note_uncuttable(text)
            self.written.extend(f"<mj-raw>{border[0]}</mj-raw>" for border in self.border.finditer(text))
            return
        first = position + len(text) - len(text.lstrip())
        shown = " ".join(text.split())[:40]
        self._report(f"the text {shown!r} stands between components", first, "Put it into mj-text.")

    def _content_text(self, text: str, position: int) -> str:
        if self.parent == "mj-title":
            return written(text)
        if not text.isspace():
            return text
        end = position + len(text)
        if self.text.startswith("</mj-", end) or self.written[-1].startswith("<mj-"):
            return ""
        return f" {text}" if text[0] == "\n" else text

    def _comment(self, match: re.Match[str]) -> None:
        comment = match[0]
        if not comment.startswith(("<!--[if", "<!--<![", "<![endif")):
            return
        if self.parent != "mj-raw" and not self.in_content:
            self._report("a conditional comment stands between components", match.start(), "Put it into mj-raw.")
            return
        self.written.append(comment)

    def _style(self, match: re.Match[str]) -> None:
        self._check_parent("mj-style", match.start())
        css = match["css"]
        inlined = _INLINE.search(match["style_attributes"]) is not None
        for position, what, remedy in faults(css, inlined=inlined):
            self._report(f"{what} in a style sheet", match.start("css") + position, remedy)
        self._note_uncuttable(css)
        value = self.value.search(css)
        if value:
            self._report(
                "one reader's value in a style sheet", match.start("css") + value.start(), "Put {% if %} around rules."
            )
        if not inlined:
            self.written.append(f"<mj-style>{css}</mj-style>")
        elif css.strip():
            self.css_place = self._place(match.start("css")) if not self.css else self.css_place
            self.css.append(css)

    def _tag(self, match: re.Match[str]) -> None:
        tag = match["tag"]
        if match["end"]:
            self._close(tag, match.start())
            return
        attributes = self._without_borders(match["attributes"])
        closed = attributes.rstrip().endswith("/")
        written = self._attributes(tag, attributes, match.start("attributes"))
        if tag.lower().startswith("mj"):
            self._component(tag, written, match.start(), closed=closed)
            return
        if not self.in_content:
            self._report(
                f"<{tag}> stands between components",
                match.start(),
                "Put HTML into mj-text, mj-table or mj-raw.",
            )
        lowered = tag.lower()
        if lowered in tags.VOID:
            self.written.append(f"<{lowered}{written}/>")
            return
        self._check_html(lowered, match.start())
        if closed:
            self.written.append(f"<{tag}{written}></{tag}>")
            return
        self._push(tag, match.start())
        self.written.append(f"<{tag}{written}>")

    def _check_html(self, tag: str, position: int) -> None:
        if tag in ("script", "style") and self.parent != "mj-raw":
            self._report(f"<{tag}> stands in a text", position, "Use mj-style; scripts do not run in mail.")
        if tag == "table" and any(left.tag.lower() == "a" for left in self.stack):
            self._report("<table> stands within a link, which would be emptied", position, "Put links into its cells.")

    def _component(self, tag: str, written: str, position: int, *, closed: bool) -> None:
        known = self._check_parent(tag, position)
        self._check_once(tag, position)
        if known and self.in_content:
            self._report(f"<{tag}> stands within <{self.parent}>", position, "Close that element first.")
        if closed:
            self.written.append(f"<{tag}{written} />")
            return
        self._push(tag, position)
        if tag in tags.CONTENT:
            self.content_depth += 1
        self.written.append(f"<{tag}{written}>")

    def _check_once(self, tag: str, position: int) -> None:
        """Hold the few elements that there is one of against their order: the engine keeps one and drops the rest."""
        if tag not in _ONCE:
            return
        if tag in self.once:
            self._report(f"a second <{tag}>", position, "Join the two.")
        elif tag == "mj-head" and "mj-body" in self.once:
            self._report("<mj-head> comes after <mj-body>", position, "Put it before.")
        self.once.append(tag)

    def _note_uncuttable(self, text: str) -> None:
        self.uncuttable.update(int(found[1]) for found in self.border.finditer(text))

    def _without_borders(self, attributes: str) -> str:
        """Take the borders out from between attributes, where no block can be cut out."""
        if "zq" not in attributes:
            return attributes

        def kept(found: re.Match[str]) -> str:
            if found[1] is None:
                self._note_uncuttable(found[0])
            return found[1] or ""

        return self.outside.sub(kept, attributes)

    def _push(self, tag: str, position: int) -> None:
        self.stack.append(_Open(tag, position, len(self.written)))
        if len(self.stack) == DEPTH_LIMIT:
            self._report(
                f"more than {DEPTH_LIMIT} elements stand within one another",
                position,
                "Nest them less deeply.",
            )

    def _close(self, tag: str, position: int) -> None:
        if tag.lower() in tags.VOID:
            return
        if self.stack and self.stack[-1].tag == tag:
            self.stack.pop()
            if tag in tags.CONTENT:
                self.content_depth -= 1
            self.written.append(f"</{tag}>")
            return
        names = [left.tag for left in self.stack]
        if tag not in names:
            self._report(f"</{tag}> closes nothing", position, "Take it out, or open the element.")
            return
        while self.stack[-1].tag != tag:
            left = self.stack.pop()
            self._report(
                f"</{tag}> comes while <{left.tag}> is still open",
                position,
                f"Close it with </{left.tag}> first.",
            )
            if left.tag in tags.CONTENT:
                self.content_depth -= 1
        self._close(tag, position)

    def _check_parent(self, tag: str, position: int) -> bool:
        if tag in tags.FORBIDDEN:
            why, remedy = tags.FORBIDDEN[tag]
            self._report(f"<{tag}> cannot be used: {why}", position, remedy)
            return False
        if any(left.tag in tags.FORBIDDEN for left in self.stack):
            return False  # what stands in it has been said with it
        within_attributes = self.parent == "mj-attributes"
        allowed = tags.PARENTS.get(tag)
        if allowed is None:
            near = get_close_matches(tag, tags.PARENTS, n=1)
            hint = f"Did you mean <{near[0]}>?" if near else "See docs/templates.md for the tags there are."
            self._report(f"there is no tag <{tag}>", position, hint)
            return False
        if self.parent not in allowed and not within_attributes:
            where = " or ".join(f"<{one}>" for one in sorted(allowed)) if allowed != {""} else "the beginning"
            self._report(
                f"<{tag}> cannot stand in {f'<{self.parent}>' if self.parent else 'no other element'}",
                position,
                f"It belongs in {where}.",
            )
        return True

    def _attributes(self, tag: str, text: str, position: int) -> str:
        if not text or text.isspace() or text == "/":
            return ""
        attributes, faults = read_attributes(tag, text)
        is_default = self.parent == "mj-attributes"
        for one in attributes:
            self._check_value(tag, one, position + one.position)
        if tag == "mj-class":
            self.classes.update(one.value for one in attributes if one.name == "name")
        elif tag.startswith("mj"):
            faults.extend(component_faults(tag, attributes, self.undecided, defaults=is_default))
        for fault in faults:
            self._report(fault.message, position + fault.position, fault.remedy)
        shown = [f' {one.name}="{written(one.value)}"' for one in attributes]
        if tag == "mj-image" and not is_default and not any(one.name == "alt" for one in attributes):
            shown.append(' alt=""')  # without any, programs read the picture's address aloud
        return "".join(shown)

    def _check_value(self, tag: str, one: Attribute, position: int) -> None:
        name, value = one.name.lower(), one.value
        if name == "style":
            self.doubled.extend((declared, position) for declared in twice_declared(value))
        if name == "mj-class":
            self.used_classes.extend((used, position) for used in value.split())
        if "zq" not in value:
            return
        selects = name in ("class", "css-class", "id")
        if name == "style" or (selects and self.css) or (tag.startswith("mj") and name not in _CUT_ATTRIBUTES):
            self._note_uncuttable(value)
        if selects and self.css and self.value.search(value):
            self._report(
                f"one reader's value in {one.name!r} of <{tag}>, which style sheets select by",
                position,
                "Put {% if %} around the class instead.",
            )

    def _report(self, message: str, position: int, remedy: str) -> None:
        self.problems.append(TemplateError(message, where=self._place(position), remedy=remedy))

    def _place(self, position: int) -> Place:
        if self._line_starts is None:
            self._line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        line = bisect_right(self._line_starts, position)
        return Place(self.name, line, position - self._line_starts[line - 1] + 1)
