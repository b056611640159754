"""One's own data: a new address, all that is kept to see and to take along, and being forgotten.

Source: AVG (GDPR) articles 15, 16, 17 and 20.
"""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.errors import SubscriberError
from newsletter.expressions import text_of
from newsletter.subscribers import (
    Dossier,
    Preferences,
    ask_new_address,
    dossier,
    erase,
    parse_address,
)
from newsletter.web.forms import read_form
from newsletter.web.languages import words
from newsletter.web.limits import neighbours
from newsletter.web.public.preferences import gone, look_up
from newsletter.web.site import Bearer, Site, site_of

SOURCE: Final = "preferences"
FILE_NAME: Final = "newsletter-data.json"


async def get_address(request: Request) -> Response:
    """Ask for the new address."""
    site = site_of(request)
    bearer, present = await look_up(request, site)
    if bearer is None or present is None:
        return gone(request, site)
    return _address_form(request, site, present, "", "")


async def post_address(request: Request) -> Response:
    """Have the new address confirmed by whoever reads its mail; until then nothing changes."""
    site = site_of(request)
    form = await read_form(request)
    bearer, present = await look_up(request, site)
    if bearer is None or present is None:
        return gone(request, site)
    language = _language(request, site, present)
    email = form.one("email")
    try:
        address = parse_address(email)
    except SubscriberError:
        said = words(language).gettext("Write an address such as name@example.org.")
        return _address_form(request, site, present, email, said)
    wait = site.wait_for_mail(request, neighbours(request.state.address))
    if wait:
        headers = {"retry-after": str(int(wait) + 1)}
        return site.pages.show(request, "later.html.j2", status=429, language=language, headers=headers)
    asking = site.asking(request, language, SOURCE)

    def ask() -> None:
        hashes = site.there.signer.address_hashes
        with site.there.database.writing() as connection:
            ask_new_address(connection, bearer.subscriber, address, asking, hashes)

    await run_in_threadpool(ask)
    return site.pages.show(
        request, "address_asked.html.j2", language=language, address=address.address, own=_own(request, site)
    )


async def get_data(request: Request) -> Response:
    """Show everything that is kept."""
    site = site_of(request)
    bearer, present = await look_up(request, site)
    found = await run_in_threadpool(_dossier, site, bearer) if bearer is not None else None
    if present is None or found is None:
        return gone(request, site)
    return site.pages.show(
        request,
        "data.html.j2",
        language=_language(request, site, present),
        found=found,
        own=_own(request, site),
        definitions=site.there.definitions,
        text_of=text_of,
        switches=True,
    )


async def get_json(request: Request) -> Response:
    """Give the same to take along, for another program."""
    site = site_of(request)
    bearer, _ = await look_up(request, site)
    found = await run_in_threadpool(_dossier, site, bearer) if bearer is not None else None
    if found is None:
        return gone(request, site)
    headers = {"content-disposition": f'attachment; filename="{FILE_NAME}"'}
    return Response(found.as_json(), media_type="application/json", headers=headers)


async def get_erase(request: Request) -> Response:
    """Say what being forgotten means, with a button."""
    site = site_of(request)
    bearer, present = await look_up(request, site)
    if bearer is None or present is None:
        return gone(request, site)
    return site.pages.show(
        request,
        "erase.html.j2",
        language=_language(request, site, present),
        present=present,
        own=_own(request, site),
        switches=True,
    )


async def post_erase(request: Request) -> Response:
    """Forget the person."""
    site = site_of(request)
    await read_form(request)
    bearer, present = await look_up(request, site)
    if bearer is None or present is None:
        return gone(request, site)

    def forget() -> None:
        with site.there.database.writing() as connection:
            erase(connection, bearer.subscriber, site.there.clock())

    await run_in_threadpool(forget)
    return site.pages.show(request, "erased.html.j2", language=_language(request, site, present))


def _dossier(site: Site, bearer: Bearer) -> Dossier | None:
    with site.there.database.reading() as connection:
        return dossier(connection, bearer.subscriber, site.there.definitions)


def _address_form(request: Request, site: Site, present: Preferences, email: str, problem: str) -> Response:
    return site.pages.show(
        request,
        "address.html.j2",
        status=422 if problem else 200,
        language=_language(request, site, present),
        present=present,
        email=email,
        problem_text=problem,
        own=_own(request, site),
        switches=request.method == "GET",
    )


def _language(request: Request, site: Site, present: Preferences) -> str:
    return site.pages.language_of(request, text_of(present.values.get("language")))


def _own(request: Request, site: Site) -> str:
    return f"{site.base}preferences/{request.path_params['token']}"
