"""Confirming what was asked for with an address: looking at the page changes nothing, its button does.

Only these links expire; whoever comes too late is offered to ask again. Source: notes S3, S10.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.subscribers import Answer, Confirmation, Kind, confirm, kept_network, read_confirmation
from newsletter.web.forms import read_form
from newsletter.web.site import Bearer, Site, site_of


async def get(request: Request) -> Response:
    """Show what is to be confirmed, with a button."""
    site = site_of(request)
    found = await run_in_threadpool(_read, site, request.path_params["token"])
    if found is None or (found.confirmed_at is None and found.expires_at <= site.there.clock()):
        return _expired(request, site, found)
    return site.pages.show(
        request,
        "confirm.html.j2",
        language=site.pages.language_of(request, found.language),
        found=found,
        lists=[site.there.definitions.list(name) for name in found.lists],
        switches=True,
    )


async def post(request: Request) -> Response:
    """Let it take effect; safe to repeat."""
    site = site_of(request)
    await read_form(request)
    found = await run_in_threadpool(_read, site, request.path_params["token"])
    if found is None:
        return _expired(request, site, None)
    answer, subscriber = await run_in_threadpool(_confirm, request, site, found.number)
    if answer is Answer.EXPIRED:
        return _expired(request, site, found)
    own = None
    if answer is Answer.DONE and subscriber is not None:
        own = site.preferences_link(Bearer(subscriber, next(iter(found.lists), None)))
    return site.pages.show(
        request,
        "confirmed.html.j2",
        language=site.pages.language_of(request, found.language),
        found=found,
        own=own,
        lists=[site.there.definitions.list(name) for name in found.lists],
    )


def _read(site: Site, token: str) -> Confirmation | None:
    number = site.confirmation(token)
    if number is None:
        return None
    with site.there.database.reading() as connection:
        found = read_confirmation(connection, number, site.there.definitions)
    return found if found is not None and found.kind in (Kind.JOIN, Kind.ADDRESS) else None


def _confirm(request: Request, site: Site, number: int) -> tuple[Answer, int | None]:
    there = site.there
    network = kept_network(request.state.address, there.settings.privacy.networks)
    with there.database.writing() as connection:
        return confirm(
            connection, number, there.definitions, there.signer.address_hashes, there.clock(), network=network
        )


def _expired(request: Request, site: Site, found: Confirmation | None) -> Response:
    language = site.pages.language_of(request, found.language if found else None)
    public = [name for name in found.lists if name in site.public_lists] if found else []
    again = f"join/{public[0]}" if len(public) == 1 else "join"
    address = found is not None and found.kind is Kind.ADDRESS
    return site.pages.show(request, "expired.html.j2", status=410, language=language, again=again, address=address)
