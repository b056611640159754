"""Templates as folders: manifest, theme, translations, and the sandbox that their Jinja runs in."""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, nodes, pass_context
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsletter.errors import NewsletterError, Place, TemplateError, raise_all
from newsletter.render import dates
from newsletter.render.binding import TOKENED, Binder, runtime
from newsletter.render.late import LateExpression
from newsletter.render.limits import check_call, check_format, check_operator, modest
from newsletter.render.rendering import current
from newsletter.render.translations import Translations, read_translations
from newsletter.render.views import Masthead

MAIN_FILE = "issue.mjml.j2"
_SOURCES = ("*.toml", "*.j2", "*.po", "*.css")


class Manifest(BaseModel):
    """`template.toml`: what a template is and what it can show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    languages: tuple[str, ...] = Field(min_length=1)
    layouts: tuple[str, ...] = Field(min_length=1)
    kinds: dict[str, tuple[Literal["article", "event", "publication"], ...]] = {}
    """What a layout can show; one that is not named here shows every kind of item."""


@dataclass(frozen=True)
class Template:
    """One template, read whole."""

    name: str
    folder: Path
    manifest: Manifest
    theme: Mapping[str, Any]
    digest: str
    _environments: dict[tuple[str, bool], "Environment"] = field(default_factory=dict)

    def environment(self, language: str, *, tracing: bool = False) -> "Environment":
        """Give the sandbox for one language, with its templates compiled once.

        Raises:
            TemplateError: The template does not speak that language.
        """
        found = self._environments.get((language, tracing))
        if found is None:
            found = Environment(self, self.translations(language), tracing=tracing)
            self._environments[language, tracing] = found
        return found

    def translations(self, language: str) -> Translations:
        """Read the template's words in one language, with our own behind them."""
        if language.partition("-")[0] not in self.manifest.languages and language not in self.manifest.languages:
            raise TemplateError(
                f"the template {self.name!r} has no words in the language {language!r}",
                where=Place(file=f"templates/{self.name}/template.toml", field="languages"),
                remedy=f"It has: {', '.join(self.manifest.languages)}.",
            )
        return read_translations(self.folder / "translations", language)

    @cached_property
    def theme_values(self) -> SimpleNamespace:
        """The theme as templates see it: `theme.colors.ink`."""
        return cast("SimpleNamespace", _namespace(self.theme))


def load_template(folder: Path) -> Template:
    """Read a template's manifest and theme.

    Raises:
        TemplateError: A file is missing, or not what was expected.
    """
    name = folder.name
    if not (folder / MAIN_FILE).is_file():
        raise TemplateError(
            f"there is no template called {name!r}",
            where=Place(file=f"templates/{name}/{MAIN_FILE}"),
            remedy=_known_templates(folder.parent),
        )
    theme = _read_toml(folder, "theme.toml")
    try:
        manifest = Manifest.model_validate(_read_toml(folder, "template.toml"))
    except ValidationError as error:
        raise_all(
            TemplateError(
                problem["msg"],
                where=Place(file=f"templates/{name}/template.toml", field=".".join(map(str, problem["loc"]))),
                remedy="See docs/templates.md for what a manifest holds.",
            )
            for problem in error.errors()
        )
        raise
    return Template(name, folder, manifest, theme, _digest(folder))


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox of one template in one language.

    Args:
        tracing: Leave a mark before each piece of literal text that tells which line of which file it stands on;
            see `mark`. Only used to say where an error is.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, template: Template, translations: Translations, *, tracing: bool) -> None:
        super().__init__(
            loader=FileSystemLoader(template.folder),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.template_name = template.name
        self.tracing = tracing
        self.translations = translations
        self.late: list[LateExpression] = []
        self.globals.update(runtime(self.late))
        self.globals["theme"] = template.theme_values
        install: Callable[..., None] = self.install_gettext_callables  # type: ignore[attr-defined]
        install(translations.gettext, translations.ngettext, newstyle=True)
        self.filters.update(dates.filters(translations))
        self.filters.update(
            {name: modest(name, self.filters[name]) for name in ("center", "indent", "format", "batch")}
        )
        self.filters[TOKENED] = lambda text: current.get().tokened(text)
        self.filters["topic"] = _topic_name
        self.filters["image_url"] = lambda image: image.source
        self.filters["initial_cap"] = lambda text: text[:1].upper() + text[1:]

    def _generate(self, source: nodes.Template, name: str | None, *rest: Any, **options: Any) -> str:
        file = f"templates/{self.template_name}/{name}"
        bound = Binder(file, self.late).visit(source)
        if self.tracing:
            _trace(bound, file)
        return super()._generate(bound, name, *rest, **options)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would fill the memory."""
        check_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Let a template format no text beyond measure."""
        check_format(value)
        return super().wrap_str_format(value)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja names them
        """Call what a template calls; what a macro gives is guarded, if readers' values stand in it."""
        check_call(__obj, args)
        result = super().call(__context, __obj, *args, **kwargs)
        return current.get().tokened(result) if isinstance(__obj, Macro) and isinstance(result, Markup) else result

    def render_source(self, variables: Mapping[str, Any]) -> str:
        """Render the main file.

        Raises:
            TemplateError: Jinja refuses; names file and line.
        """
        try:
            return self.get_template(MAIN_FILE).render(variables)
        except TemplateSyntaxError as error:
            raise TemplateError(
                error.message or "cannot be read",
                where=Place(file=f"templates/{self.template_name}/{error.name}", line=error.lineno),
                remedy="Mend the template; Jinja's rules are at jinja.palletsprojects.com.",
            ) from error
        except TemplateNotFound as error:
            raise TemplateError(
                f"the part {error.name!r} does not exist",
                where=self._where(error),
                remedy="Parts are named from the template's folder: parts/name.mjml.j2.",
            ) from error
        except NewsletterError as error:
            if not error.where.file:
                error.where = self._where(error)
            raise
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
        root = str(self.loader.searchpath[0]) if isinstance(self.loader, FileSystemLoader) else ""
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if root and file.startswith(root):
                relative = Path(file).relative_to(root).as_posix()
                place = Place(file=f"templates/{self.template_name}/{relative}", line=trace.tb_lineno)
            trace = trace.tb_next
        return place


@pass_context
def _topic_name(context: Context, topic: str) -> str:
    """Give what readers know a topic as."""
    masthead: Masthead = context["newsletter"]
    return masthead.topics.get(topic, topic)


def mark(file: str, line: int) -> str:
    """Write the mark of a place; control characters, so that it cannot be part of any template."""
    return f"\x1c{file}\x1d{line}\x1e"


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


def _namespace(value: Any) -> Any:
    if isinstance(value, Mapping):
        return SimpleNamespace(**{key: _namespace(inner) for key, inner in value.items()})
    return value


def _read_toml(folder: Path, file: str) -> dict[str, Any]:
    place = Place(file=f"templates/{folder.name}/{file}")
    try:
        return tomllib.loads((folder / file).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TemplateError(
            "the file is missing", where=place, remedy="Copy it from templates/bulletin and change it."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"this is not TOML: {error}", where=place, remedy="Mend that line.") from error


def _known_templates(folder: Path) -> str:
    known = sorted(path.parent.name for path in folder.glob(f"*/{MAIN_FILE}"))
    return f"There are: {', '.join(known)}." if known else "Make one in templates/; see docs/templates.md."


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(folder.rglob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
