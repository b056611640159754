"""A person's own page: what they get, how often, about what, in which language, and what is kept of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.errors import SubscriberError
from newsletter.expressions import Type, Value, text_of
from newsletter.subscribers import (
    AttributeDefinition,
    Choices,
    ListChoice,
    Preferences,
    clean_text,
    read_preferences,
    read_value,
    save_preferences,
    successor,
)
from newsletter.web.forms import Form, read_form
from newsletter.web.languages import LANGUAGES, words
from newsletter.web.public.join import LONGEST_NAME, consent_of
from newsletter.web.site import Bearer, Site, site_of

SOURCE: Final = "preferences"
LONGEST_PAUSE: Final = timedelta(days=730)
LONGEST_VALUE: Final = 500
NAMES: Final = ("first_name", "last_name")

_EXPECTED: Final = {
    Type.TEXT: "Choose one of these.",
    Type.NUMBER: "Write a number.",
    Type.DATE: "Write a date such as 2026-01-31.",
    Type.BOOLEAN: "Choose one of these.",
}


@dataclass
class Entered:
    """What stands in the form, and what is wrong with it, by the name of the field."""

    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, "EnteredList"] = field(default_factory=dict)
    topics: frozenset[str] = frozenset()
    tracking: bool = False
    problems: dict[str, str] = field(default_factory=dict)


@dataclass
class EnteredList:
    """What stands in the form about one list."""

    subscribed: bool
    frequency: str = ""
    pause: str = ""


async def get(request: Request) -> Response:
    """Show everything as it stands."""
    site = site_of(request)
    bearer, present = await look_up(request, site)
    if bearer is None or present is None:
        return gone(request, site)
    return show(request, site, present, entered_of(site, present), switches=True)


async def post(request: Request) -> Response:
    """Keep what was chosen."""
    site = site_of(request)
    form = await read_form(request)
    bearer, present = await look_up(request, site)
    if bearer is None or present is None:
        return gone(request, site)
    language = site.pages.language_of(request, text_of(present.values.get("language")))
    entered, choices = _read(site, form, present, language)
    if entered.problems:
        return show(request, site, present, entered, status=422)
    asking = site.asking(request, language, SOURCE)

    def save() -> None:
        there = site.there
        with there.database.writing() as connection:
            save_preferences(
                connection, bearer.subscriber, choices, asking, there.definitions, there.signer.address_hashes
            )

    await run_in_threadpool(save)
    _, now = await look_up(request, site)
    if now is None:
        return gone(request, site)
    return show(request, site, now, entered_of(site, now), saved=True)


async def look_up(request: Request, site: Site) -> tuple[Bearer | None, Preferences | None]:
    """Tell whose page it is, and what they have chosen."""
    bearer = site.chooser(request.path_params["token"])
    if bearer is None:
        return None, None

    def read() -> tuple[Bearer, Preferences | None]:
        with site.there.database.reading() as connection:
            number = successor(connection, bearer.subscriber)
            return Bearer(number, bearer.list), read_preferences(connection, number, site.there.definitions)

    return await run_in_threadpool(read)


def gone(request: Request, site: Site) -> Response:
    """Answer a link that leads to nobody's page, or no longer to anybody's."""
    return site.pages.show(request, "gone.html.j2", status=404)


def show(
    request: Request, site: Site, present: Preferences, entered: Entered, *, status: int = 200, **values: Any
) -> Response:
    """Show the page."""
    there = site.there
    language = site.pages.language_of(request, text_of(present.values.get("language")))
    lists = [there.definitions.lists[name] for name in present.lists]
    shared: dict[str, Any] = {
        "own": site.base + "preferences/" + request.path_params["token"],
        "present": present,
        "entered": entered,
        "lists": lists,
        "topics": _offered_topics(site, present),
        "attributes": [one for one in there.definitions.attributes.values() if one.is_editable],
        "consents": {one.id: consent_of(one, language) for one in lists},
        "tracking": there.definitions.tracking,
        "offered_languages": _languages(entered.values["language"]),
        "today": _today(site).isoformat(),
        "saved": False,
        "switches": False,
        "types": Type,
    }
    return site.pages.show(request, "preferences.html.j2", status=status, language=language, **{**shared, **values})


def entered_of(site: Site, present: Preferences) -> Entered:
    """Fill the form with what stands."""
    zone = ZoneInfo(site.there.settings.time_zone)
    values = {name: text_of(value) for name, value in present.values.items()}
    values.setdefault("language", "")
    lists = {
        name: EnteredList(
            choice.subscribed, choice.frequency or "", _pause_text(choice.paused_until, zone, site.there.clock())
        )
        for name, choice in present.lists.items()
    }
    return Entered(values, lists, present.topics, present.tracking is not None)


def _pause_text(until: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    return until.astimezone(zone).date().isoformat() if until is not None and until > now else ""


def _read(site: Site, form: Form, present: Preferences, language: str) -> tuple[Entered, Choices]:
    translate = words(language).gettext
    entered = Entered({name: clean_text(form.one(name)) for name in present.values})
    entered.values.setdefault("language", "")
    values = _read_values(site, entered, translate)
    lists = {name: _read_list(site, name, form, present, entered, translate) for name in present.lists}
    offered = frozenset(one.id for one in _offered_topics(site, present))
    entered.topics = offered & frozenset(form.all("topic")) | present.topics - offered
    entered.tracking = form.has("tracking")
    texts = {name: consent_of(site.there.definitions.lists[name], language) for name in present.lists}
    tracking = site.there.definitions.tracking
    if tracking:
        texts[""] = tracking.said(language)
    choices = Choices(values, entered.topics, lists, entered.tracking if tracking else None, texts)
    return entered, choices


def _read_values(site: Site, entered: Entered, translate: Callable[[str], str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, text in entered.values.items():
        definition = site.there.definitions.attributes.get(name)
        longest = LONGEST_NAME if definition is None else LONGEST_VALUE
        if len(text) > longest:
            entered.problems[name] = translate("Write at most %(count)s characters.") % {"count": longest}
            continue
        if name == "language" and text and text not in _languages(text):
            continue
        try:
            found[name] = _value(site, definition, name, text)
        except SubscriberError:
            kind = definition.type if definition else Type.TEXT
            entered.problems[name] = translate(_EXPECTED[kind])
    return found


def _value(site: Site, definition: AttributeDefinition | None, name: str, text: str) -> Value:
    if not text:
        return None
    return text if definition is None else read_value(site.there.definitions, name, text)


def _read_list(
    site: Site, name: str, form: Form, present: Preferences, entered: Entered, translate: Callable[[str], str]
) -> ListChoice:
    definition, before = site.there.definitions.lists[name], present.lists[name]
    told = EnteredList(form.has(f"list-{name}"), form.one(f"frequency-{name}"), form.one(f"pause-{name}"))
    entered.lists[name] = told
    if not told.subscribed:
        return ListChoice(False, before.frequency, before.paused_until)
    frequency = told.frequency if told.frequency in definition.frequencies else None
    if not told.pause:
        return ListChoice(True, frequency, None)
    until = _day(told.pause)
    if until is None or not _today(site) < until <= _today(site) + LONGEST_PAUSE:
        entered.problems[f"pause-{name}"] = translate("Write a date after today, within two years.")
        return before
    return ListChoice(True, frequency, _beginning_of(until, site))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _today(site: Site) -> date:
    return site.there.clock().astimezone(ZoneInfo(site.there.settings.time_zone)).date()


def _beginning_of(day: date, site: Site) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(site.there.settings.time_zone)).astimezone(UTC)


def _offered_topics(site: Site, present: Preferences) -> list[Any]:
    topics = site.there.definitions.topics.values()
    return [one for one in topics if not one.lists or set(one.lists) & present.lists.keys()]


def _languages(present: str) -> dict[str, str]:
    return {**LANGUAGES, present: LANGUAGES.get(present, present)} if present else dict(LANGUAGES)
