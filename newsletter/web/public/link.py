"""Having the link to one's own page mailed: for whoever has no message at hand; the same answer for all."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.errors import SubscriberError
from newsletter.subscribers import Address, ask_for_link, parse_address
from newsletter.web.answering import at_the_beat
from newsletter.web.forms import read_form
from newsletter.web.languages import words
from newsletter.web.limits import neighbours
from newsletter.web.site import Site, site_of

SOURCE = "link"


async def get(request: Request) -> Response:
    """Ask for the address."""
    return _form(request, site_of(request), "", "")


async def post(request: Request) -> Response:
    """Have it mailed, if somebody has that address."""
    site = site_of(request)
    form = await read_form(request)
    email = form.one("email")
    try:
        address = parse_address(email)
    except SubscriberError:
        said = words(site.pages.language_of(request)).gettext("Write an address such as name@example.org.")
        return _form(request, site, email, said)
    wait = site.wait_for_mail(request, neighbours(request.state.address))
    if wait:
        return site.pages.show(request, "later.html.j2", status=429, headers={"retry-after": str(int(wait) + 1)})
    await at_the_beat(run_in_threadpool(_ask, request, site, address), site.beat)
    return site.pages.show(request, "link_sent.html.j2", own=False)


def _ask(request: Request, site: Site, address: Address) -> None:
    asking = site.asking(request, site.pages.language_of(request), SOURCE)
    with site.there.database.writing() as connection:
        ask_for_link(connection, address, asking, site.there.signer.address_hashes)


def _form(request: Request, site: Site, email: str, problem: str) -> Response:
    status = 422 if problem else 200
    switches = request.method == "GET"
    return site.pages.show(
        request, "link.html.j2", status=status, email=email, problem_text=problem, personal=False, switches=switches
    )
