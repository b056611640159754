"""The sandbox that a template's Jinja runs in."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import BuiltinMethodType, MethodType, SimpleNamespace
from typing import Any, Final

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, nodes, pass_context
from jinja2.exceptions import UndefinedError
from jinja2.ext import extract_from_ast
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from markupsafe import Markup

from newsletter.errors import NewsletterError, Place, TemplateError
from newsletter.items import Article, Event, Image, Person, Publication, Quote, Registration
from newsletter.render import dates
from newsletter.render.binding import TOKENED, Binder, runtime
from newsletter.render.code_cache import CodeCache, own_folder
from newsletter.render.late import LateExpression
from newsletter.render.limits import check_call, check_format, check_operator, modest
from newsletter.render.pictures import Picture
from newsletter.render.rendering import current
from newsletter.render.translations import Translations
from newsletter.render.views import (
    ITEM_HEADING,
    EntryView,
    IssueView,
    Masthead,
    SectionView,
    ShownImage,
    address_of,
    picture_of,
)

MAIN_FILE: Final = "issue.mjml.j2"
_SPACE: Final = re.compile(r"[ \t]*\n\s*|[ \t]{2,}")
"""White space of templates that every message would carry for nothing."""
_MADE_FOR_TEMPLATES: Final = frozenset(
    {IssueView, SectionView, EntryView, Masthead, SimpleNamespace, Article, Event, Publication, Person, Image, Quote}
    | {Registration, LoopContext, Picture, ShownImage}
)


BODY_HEADING: Final = ITEM_HEADING + 1
"""The level at which an item's body begins its headings."""


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox of one template in one language.

    Args:
        folders: The template's own, and the shared one behind it.
        theme: What templates see as `theme`.
        digest: Of all the files that these folders hold.
        tracing: Leave a mark before each piece of literal text that tells which line of which file it stands on;
            see `mark`. Only used to say where an error is.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(
        self,
        folders: Sequence[Path],
        theme: SimpleNamespace,
        translations: Translations,
        *,
        digest: str,
        tracing: bool,
    ) -> None:
        self.late: dict[str, LateExpression] = {}
        cache = own_folder()
        maker = f"{digest} {translations.tag} {tracing}"
        super().__init__(
            bytecode_cache=CodeCache(cache, maker, self.late) if cache else None,
            loader=_Loader(folders),
            autoescape=True,
            undefined=_Unknown,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.folders = tuple(folders)
        self.template_name = folders[0].name
        self.tracing = tracing
        self.translations = translations
        self.globals.update(runtime(self.late))
        self.theme = self.globals["theme"] = theme
        self.globals["writing"] = _writing(translations)
        install: Callable[..., None] = self.install_gettext_callables  # type: ignore[attr-defined]
        install(translations.gettext, translations.ngettext, newstyle=True)
        self.filters.update(dates.filters(translations))
        self.filters.update(
            {name: modest(name, self.filters[name]) for name in ("center", "indent", "format", "batch")}
        )
        self.filters[TOKENED] = lambda text: current.get().tokened(text)
        self.filters["topic"] = _topic_name
        self.filters["picture"] = picture_of
        self.filters["image_url"] = address_of
        self.filters["headings"] = _with_headings
        self.filters["initial_cap"] = lambda text: text[:1].upper() + text[1:]

    def _generate(self, source: nodes.Template, name: str | None, *rest: Any, **options: Any) -> str:
        file = self.named(str(name))
        bound = Binder(file, self.late).visit(source)
        if self.tracing:
            _trace(bound, file)
        else:
            _condense(bound)
        return super()._generate(bound, name, *rest, **options)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would fill the memory."""
        check_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Let templates read what is made for them without asking at length; of all else Jinja decides."""
        if type(obj) in _MADE_FOR_TEMPLATES:
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give an attribute; a picture's source is its published address for the whole width of a message."""
        if attribute == "source" and isinstance(obj, ShownImage):
            return address_of(obj)
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Let a template format no text beyond measure."""
        if not isinstance(value, (MethodType, BuiltinMethodType)):
            return None
        check_format(value)
        return super().wrap_str_format(value)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja names them
        """Call what a template calls; what a macro gives is guarded, if readers' values stand in it."""
        if args:
            check_call(__obj, args)
        result = super().call(__context, __obj, *args, **kwargs)
        return current.get().tokened(result) if isinstance(__obj, Macro) and isinstance(result, Markup) else result

    def render_source(self, variables: Mapping[str, Any], file: str = MAIN_FILE) -> str:
        """Render the main file, or another one.

        Raises:
            TemplateError: Jinja refuses; names file and line.
        """
        with self._explaining():
            return self.get_template(file).render(variables)

    def assert_readable(self) -> None:
        """Read every file of the template and of what it shares, also those that nothing includes.

        Raises:
            TemplateError: Jinja cannot read one; names file and line.
        """
        for name in self.list_templates(extensions=["j2"]):
            with self._explaining():
                self.get_template(name)

    def words(self) -> Mapping[str, Place]:
        """Give every word that the template asks for, and a place where it does."""
        found: dict[str, Place] = {}
        for name in self.list_templates(extensions=["j2"]):
            path = _holder(self.folders, name) / name
            for line, _, message in extract_from_ast(self.parse(path.read_text(encoding="utf-8"))):
                word = message[0] if isinstance(message, tuple) else message
                if word is not None:
                    found.setdefault(word, Place(self.named(name), line))
        return found

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Say of whatever goes wrong where in the template it does."""
        try:
            yield
        except TemplateSyntaxError as error:
            raise TemplateError(
                error.message or "cannot be read",
                where=Place(file=self.named(str(error.name)), line=error.lineno),
                remedy="Mend the template; Jinja's rules are at jinja.palletsprojects.com.",
            ) from error
        except TemplateNotFound as error:
            raise TemplateError(
                f"the part {error.name!r} does not exist",
                where=self._where(error),
                remedy="Parts are named from the template's folder or the shared one: parts/name.mjml.j2.",
            ) from error
        except NewsletterError as error:
            if not error.where.file:
                error.where = self._where(error)
            raise
        except UndefinedError as error:
            raise TemplateError(
                error.message or "something is not known here",
                where=self._where(error),
                remedy="Correct the name; docs/templates.md lists what a template sees.",
            ) from error
        except Exception as error:  # whatever a template's own expressions raise is the template's fault
            raise TemplateError(
                f"{type(error).__name__}: {error}",
                where=self._where(error),
                remedy="Mend the expression on that line.",
            ) from error

    def _where(self, error: BaseException) -> Place:
        """Find the template's line in a traceback that Jinja has rewritten to its templates' own lines."""
        place = Place(file=f"templates/{self.template_name}/{MAIN_FILE}")
        trace = error.__traceback__
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            for folder in self.folders:
                if file.is_relative_to(folder):
                    relative = file.relative_to(folder).as_posix()
                    place = Place(file=f"templates/{folder.name}/{relative}", line=trace.tb_lineno)
            trace = trace.tb_next
        return place

    def named(self, name: str) -> str:
        """Name a file as a person would, by the folder that it is read from."""
        return f"templates/{_holder(self.folders, name).name}/{name}"


def _writing(translations: Translations) -> SimpleNamespace:
    """Give what templates see as `writing`: the language's tag, its marks in lists, and where its lines begin."""
    start, end = ("left", "right") if translations.direction == "ltr" else ("right", "left")
    comma = translations.comma
    return SimpleNamespace(
        tag=translations.tag,
        comma=comma,
        semicolon="؛ " if comma.startswith("،") else "; ",
        direction=translations.direction,
        start=start,
        end=end,
    )


def _holder(folders: Sequence[Path], name: str) -> Path:
    return next((folder for folder in folders if (folder / name).is_file()), folders[0])


class _Loader(FileSystemLoader):
    """Reads a template's files, which are UTF-8."""

    def get_source(self, environment: Any, template: str) -> Any:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            raise TemplateError(
                f"the byte 0x{error.object[error.start]:02x} is not UTF-8",
                where=Place(
                    file=f"templates/{_holder([Path(path) for path in self.searchpath], template).name}/{template}",
                    line=error.object.count(b"\n", 0, error.start) + 1,
                ),
                remedy="Save the file as UTF-8.",
            ) from error


class _Unknown(StrictUndefined):
    """What a template names and nobody knows; says so in the words of templates, with the nearest name."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"there is nothing called {name!r} here"
        known = [one for one in dir(self._undefined_obj) if not one.startswith("_")]
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{name!r} is not known of this {self._kind()}{hint}"

    def _kind(self) -> str:
        kind = type(self._undefined_obj).__name__
        return "group of settings" if kind == "SimpleNamespace" else kind.removesuffix("View").lower()


_HEADING: Final = re.compile(r"(</?h)([1-6])\b")


def _with_headings(html: Markup, level: int) -> Markup:
    """Let the headings of a body begin at another level than below an item's own."""
    shift = level - BODY_HEADING
    return Markup(_HEADING.sub(lambda tag: f"{tag[1]}{min(max(int(tag[2]) + shift, 1), 6)}", html))  # noqa: S704 - as safe as it was


@pass_context
def _topic_name(context: Context, topic: str) -> str:
    """Give what readers know a topic as."""
    masthead: Masthead = context["newsletter"]
    return masthead.topics.get(topic, topic)


def mark(file: str, line: int) -> str:
    """Write the mark of a place; control characters, so that it cannot be part of any template."""
    return f"\x1c{file}\x1d{line}\x1e"


def _condense(template: nodes.Template) -> None:
    for data in template.find_all(nodes.TemplateData):
        data.data = _SPACE.sub(lambda found: "\n" if "\n" in found[0] else " ", data.data)


def _trace(template: nodes.Template, file: str) -> None:
    for output in template.find_all(nodes.Output):
        traced: list[nodes.Expr] = []
        for child in output.nodes:
            if isinstance(child, nodes.TemplateData):
                traced.extend(_traced_lines(child, file))
            else:
                traced.append(child)
        output.nodes = traced


def _traced_lines(data: nodes.TemplateData, file: str) -> list[nodes.Expr]:
    lines = data.data.splitlines(keepends=True)
    return [
        nodes.TemplateData(mark(file, data.lineno + number) + text, lineno=data.lineno + number)
        for number, text in enumerate(lines)
    ]
