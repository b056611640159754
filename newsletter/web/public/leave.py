"""Leaving: one click in the mail program, or a page with buttons. Looking at it changes nothing.

A token that was not made here gets the same page and status as one that was. Source: RFC 8058 §3; notes L4 to L8.
"""

from datetime import timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.subscribers import Method, ask_for_own_link, clean_text, give_reason, pause
from newsletter.web.forms import Form, read_form
from newsletter.web.limits import Limit, neighbours
from newsletter.web.site import Bearer, Site, site_of

SOURCE: Final = "leave"
PAUSES: Final = (30, 90)
"""For how many days somebody can have nothing sent instead of leaving."""
MOST_REASONS: Final = 60
"""How many reasons are kept that come from one address of the network in an hour."""

_FIELD: Final = "list-unsubscribe"
_ONE_CLICK: Final = "one-click"
_DONE: Final = "Unsubscribed.\nU bent afgemeld.\n"


async def get(request: Request) -> Response:
    """Show what can be done."""
    site = site_of(request)
    return site.pages.show(request, "leave.html.j2", pauses=PAUSES, switches=True)


async def post(request: Request) -> Response:
    """Do it: at once for a mail program, and as chosen for a person."""
    site, token = site_of(request), request.path_params["token"]
    bearer = site.leaver(token)
    form = await read_form(request)
    if _is_one_click(form):
        if bearer is not None:
            await site.departures.leave(bearer.subscriber, bearer.list, Method.ONE_CLICK)
        return PlainTextResponse(_DONE)
    does = {"leave": _leave, "pause": _pause, "link": _mail_link, "reason": _keep_reason}.get(form.one("do"))
    if does is None:
        return await get(request)
    return await does(request, site, bearer, form)


async def _leave(request: Request, site: Site, bearer: Bearer | None, _form: Form) -> Response:
    if bearer is not None:
        await site.departures.leave(bearer.subscriber, bearer.list, Method.PAGE)
    back = site.return_token(bearer, request.path_params["token"])
    return site.pages.show(request, "left.html.j2", back=back, reason=False)


async def _pause(request: Request, site: Site, bearer: Bearer | None, form: Form) -> Response:
    days = next((days for days in PAUSES if form.one("days") == str(days)), PAUSES[0])
    now = site.there.clock()
    until = now + timedelta(days=days)

    def keep(subscriber: int, list_name: str) -> None:
        with site.there.database.writing() as connection:
            pause(connection, subscriber, list_name, until, now)

    if bearer is not None and bearer.list is not None:
        await run_in_threadpool(keep, bearer.subscriber, bearer.list)
    return site.pages.show(request, "paused.html.j2", until=until)


async def _mail_link(request: Request, site: Site, bearer: Bearer | None, _form: Form) -> Response:
    wait = site.wait_for_mail(request, neighbours(request.state.address))
    if wait:
        return site.pages.show(request, "later.html.j2", status=429, headers={"retry-after": str(int(wait) + 1)})
    asking = site.asking(request, site.pages.language_of(request), SOURCE)

    def ask(subscriber: int) -> None:
        with site.there.database.writing() as connection:
            ask_for_own_link(connection, subscriber, asking, site.there.signer.address_hashes)

    if bearer is not None:
        await run_in_threadpool(ask, bearer.subscriber)
    return site.pages.show(request, "link_sent.html.j2", own=True)


async def _keep_reason(request: Request, site: Site, bearer: Bearer | None, form: Form) -> Response:
    reason = clean_text(form.one("reason"))

    def keep(subscriber: int, list_name: str) -> None:
        with site.there.database.writing() as connection:
            give_reason(connection, subscriber, list_name, reason, site.there.clock())

    often = site.limits.take([Limit(f"reason {request.state.address}", MOST_REASONS)])
    if bearer is not None and bearer.list is not None and reason and not often:
        await run_in_threadpool(keep, bearer.subscriber, bearer.list)
    back = site.return_token(bearer, request.path_params["token"])
    return site.pages.show(request, "left.html.j2", back=back, reason=True)


def _is_one_click(form: Form) -> bool:
    return any(
        name.strip().lower() == _FIELD and value.strip().lower() == _ONE_CLICK
        for name, values in form.values.items()
        for value in values
    )
