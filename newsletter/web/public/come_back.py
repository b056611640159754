"""Taking back a leave that was made a little while ago, by a token that only the page of that leave holds."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.subscribers import kept_network, take_back
from newsletter.web.forms import read_form
from newsletter.web.site import site_of


async def get(request: Request) -> Response:
    """Show the button again, for whoever comes back to the page."""
    return site_of(request).pages.show(request, "come_back.html.j2", switches=True)


async def post(request: Request) -> Response:
    """Put the person back on the list, if it is not too late."""
    site = site_of(request)
    bearer = site.returner(request.path_params["token"])
    await read_form(request)
    network = kept_network(request.state.address, site.there.settings.privacy.networks)

    def take(subscriber: int, list_name: str) -> bool:
        with site.there.database.writing() as connection:
            return take_back(connection, subscriber, list_name, site.there.clock(), network=network)

    back = False
    if bearer is not None and bearer.list is not None:
        back = await run_in_threadpool(take, bearer.subscriber, bearer.list)
    return site.pages.show(request, "came_back.html.j2", back=back)
