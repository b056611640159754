"""Joining: a form, by itself or in a frame of another site, and the same answer whoever the address belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.errors import SubscriberError
from newsletter.subscribers import (
    Address,
    ListDefinition,
    TopicDefinition,
    Wish,
    ask_to_join,
    clean_text,
    parse_address,
)
from newsletter.web.access import is_foreign
from newsletter.web.answering import at_the_beat
from newsletter.web.forms import Form, read_form
from newsletter.web.languages import words
from newsletter.web.limits import neighbours
from newsletter.web.site import FORM, Site, site_of

SHORTEST_SECONDS: Final = 2
"""Nobody fills in a form sooner than this."""
LONGEST_SECONDS: Final = 86_400
LONGEST_NAME: Final = 100
TRAP: Final = "website"
"""A field that people do not see, and programs fill in."""
CONSENT: Final = "I want to receive %(name)s by e-mail. I can unsubscribe at any time, with one click."


@dataclass
class Entered:
    """What somebody has entered, and what is wrong with it, by the name of the field."""

    email: str = ""
    first_name: str = ""
    lists: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)


async def get(request: Request) -> Response:
    """Show the form."""
    site = site_of(request)
    offered = _offered(site, request)
    chosen = tuple(offered) if len(offered) == 1 else ()
    return _form(request, site, Entered(lists=chosen))


async def post(request: Request) -> Response:
    """Take a request to join."""
    site = site_of(request)
    offered = _offered(site, request)
    form = await read_form(request)
    entered = _read(site, form, offered, request)
    if entered.problems:
        return _form(request, site, entered, status=422)
    if not _is_trusted(request, site, form):
        return _form(request, site, entered, again=True)
    wait = site.wait_for_mail(request, neighbours(request.state.address), entered.lists)
    if wait:
        headers = {"retry-after": str(int(wait) + 1)}
        return site.pages.show(request, "later.html.j2", status=429, headers=headers, frames=_frames(request, site))
    if not form.one(TRAP):
        await at_the_beat(run_in_threadpool(_ask, request, site, entered), site.beat)
    else:
        await at_the_beat(run_in_threadpool(lambda: None), site.beat)
    return site.pages.show(
        request, "joined.html.j2", email=entered.email, framed=_is_framed(request), frames=_frames(request, site)
    )


def _ask(request: Request, site: Site, entered: Entered) -> None:
    there = site.there
    language = site.pages.language_of(request)
    asking = site.asking(request, language, request.scope["route"].name, _consented(site, entered.lists, language))
    names = {"first_name": entered.first_name} if entered.first_name else {}
    wish = Wish(entered.lists, frozenset(entered.topics), {"language": language, **names})
    with there.database.writing() as connection:
        ask_to_join(
            connection, parse_address(entered.email), wish, asking, there.definitions, there.signer.address_hashes
        )


def _read(site: Site, form: Form, offered: dict[str, ListDefinition], request: Request) -> Entered:
    translate = words(site.pages.language_of(request)).gettext
    chosen = tuple(offered) if len(offered) == 1 else tuple(name for name in offered if name in form.all("list"))
    topics = tuple(one.id for one in _topics(site, offered) if one.id in form.all("topic"))
    entered = Entered(form.one("email"), clean_text(form.one("first_name")), chosen, topics)
    if _address_of(entered.email) is None:
        message = "Write your e-mail address." if not entered.email else "Write an address such as name@example.org."
        entered.problems["email"] = translate(message)
    if len(entered.first_name) > LONGEST_NAME:
        entered.problems["first_name"] = translate("Write at most %(count)s characters.") % {"count": LONGEST_NAME}
    if not chosen:
        entered.problems["list"] = translate("Choose what you want to receive.")
    return entered


def _form(request: Request, site: Site, entered: Entered, *, status: int = 200, again: bool = False) -> Response:
    offered = _offered(site, request)
    there = site.there
    stamp = there.signer.sign(FORM, str(int(there.clock().timestamp())).encode())
    language = site.pages.language_of(request)
    values: dict[str, Any] = {
        "entered": entered,
        "offered": list(offered.values()),
        "topics": _topics(site, offered),
        "stamp": stamp,
        "trap": TRAP,
        "again": again,
        "consents": {name: consent_of(one, language) for name, one in offered.items()},
        "framed": _is_framed(request),
        "personal": False,
        "switches": request.method == "GET",
    }
    return site.pages.show(request, "join.html.j2", status=status, frames=_frames(request, site), **values)


def _is_trusted(request: Request, site: Site, form: Form) -> bool:
    """Tell whether the form was filled in on a page of ours, or of a friend, and not by a program in no time.

    Whatever else comes gets the form back as it was filled in: a person presses the button once more.
    """
    if request.headers.get("origin") in site.there.settings.web.embedded_in:
        return True
    stamped = site.there.signer.verify(FORM, form.one("stamp"))
    if stamped is None or not stamped.isdigit() or is_foreign(request):
        return False
    return SHORTEST_SECONDS <= site.there.clock().timestamp() - int(stamped) <= LONGEST_SECONDS


def _offered(site: Site, request: Request) -> dict[str, ListDefinition]:
    """Give the lists that the form is about.

    Raises:
        HTTPException: Nobody can join these by themselves.
    """
    wanted = request.path_params.get("list")
    offered = {name: one for name, one in site.public_lists.items() if wanted in (None, name)}
    if not offered:
        raise HTTPException(404)
    return offered


def _topics(site: Site, offered: dict[str, ListDefinition]) -> Sequence[TopicDefinition]:
    topics = site.there.definitions.topics.values()
    return [one for one in topics if not one.lists or set(one.lists) & offered.keys()]


def consent_of(definition: ListDefinition, language: str) -> str:
    """Give the words that somebody agrees to who joins a list."""
    if definition.consent:
        return definition.consent.said(language)
    return words(language).gettext(CONSENT) % {"name": definition.name.said(language)}


def _consented(site: Site, lists: Sequence[str], language: str) -> str:
    return "\n".join(consent_of(site.there.definitions.list(name), language) for name in lists)


def _address_of(text: str) -> Address | None:
    try:
        return parse_address(text)
    except SubscriberError:
        return None


def _is_framed(request: Request) -> bool:
    return request.url.path.endswith("/embed")


def _frames(request: Request, site: Site) -> str:
    return " ".join(site.there.settings.web.embedded_in) if _is_framed(request) else ""
