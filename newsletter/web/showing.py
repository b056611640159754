"""Makes pages: a template with words in the reader's language, in the colours of the workspace."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from newsletter.render import Theme, format_day
from newsletter.settings import Settings
from newsletter.web.access import POLICY
from newsletter.web.languages import LANGUAGES, accepted, known, said, words

FOLDER: Final = Path(__file__).with_name("pages")
_FALLBACK: Final = "en"


class Pages:
    """Everything that is needed to make a page.

    Args:
        base: The path that the site's address ends in, with a slash at both ends.
    """

    def __init__(self, settings: Settings, theme: Theme, base: str) -> None:
        self.settings = settings
        self.base = base
        self.usual = known(settings.language) or _FALLBACK
        self.style = style_of(theme)
        self.style_name = f"site.{hashlib.sha256(self.style.encode()).hexdigest()[:12]}.css"
        self._environments = {language: _environment(language, settings.time_zone) for language in LANGUAGES}

    def render(self, name: str, language: str, **values: Any) -> str:
        """Write a page.

        Args:
            name: The name of its template.
        """
        shared = {
            "settings": self.settings,
            "base": self.base,
            "style": f"{self.base}static/{self.style_name}",
            "language": language,
            "usual": self.settings.language,
            "languages": LANGUAGES,
            "direction": words(language).direction,
            "home": "",
            "chosen": "",
            "switches": False,
            "framed": False,
            "personal": True,
        }
        return self._environments[language].get_template(name).render({**shared, **values})

    def language_of(self, request: Request, preferred: str | None = None) -> str:
        """Tell which language a reader gets: as chosen on the page, as we know it of them, as their browser says.

        Args:
            preferred: What we know.
        """
        asked = known(request.query_params.get("language"))
        return asked or known(preferred) or accepted(request.headers.get("accept-language", "")) or self.usual

    def show(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        language: str | None = None,
        headers: Mapping[str, str] | None = None,
        frames: str = "",
        seconds: int = 0,
        **values: Any,
    ) -> HTMLResponse:
        """Answer with a page.

        Args:
            language: The language of the page, where it is not for the request to say.
            frames: The sites that may show it in a frame, parted by spaces.
            seconds: For how long it may be kept, by anybody; 0 where it is not for keeping.
        """
        language = language or self.language_of(request)
        chosen = f"?language={language}" if known(request.query_params.get("language")) else ""
        html = self.render(name, language, chosen=chosen, **values)
        given = dict(headers or {})
        if frames:
            given["content-security-policy"] = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {frames}")
        if seconds:
            given |= {"cache-control": f"public, max-age={seconds}", "vary": "accept-language"}
        given.setdefault("content-language", language)
        return HTMLResponse(html, status, given)


def style_of(theme: Theme) -> str:
    """Write the style sheet: the colours and fonts of the theme as custom properties, and what pages do with them."""
    light = _properties("color", theme.colors)
    fonts = _properties("font", theme.fonts)
    radius = theme.radius.get("button", 4)
    dark = _properties("color", {**theme.colors, **theme.dark})
    rules = (FOLDER / "site.css").read_text(encoding="utf-8")
    return f":root{{{light}{fonts}--radius:{radius}px}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{rules}"


def _properties(kind: str, values: Mapping[str, str]) -> str:
    # A font of the theme is written into style sheets as it is; one that would end the rule is left to the fallback.
    return "".join(f"--{kind}-{name}:{value};" for name, value in values.items() if not set(value) & set(";{}<"))


def _environment(language: str, time_zone: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    spoken = words(language)
    environment.install_gettext_callables(spoken.gettext, spoken.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["said"] = lambda texts, usual: said(texts, language, usual)
    zone = ZoneInfo(time_zone)

    def day(moment: date, form: str = "long") -> str:
        return format_day(moment.astimezone(zone) if isinstance(moment, datetime) else moment, form, spoken)

    def iso_day(moment: datetime) -> str:
        return moment.astimezone(zone).date().isoformat()

    environment.filters.update(day=day, iso_day=iso_day)
    return environment
