"""Where providers report what became of messages: a body as it came, handed on before anything of it is read.

Source: notes S12.
"""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.errors import NewsletterError, PluginError, WebhookRefused
from newsletter.feedback.webhooks import has_webhook, take_webhook
from newsletter.providers.base.feedback import WebhookRequest
from newsletter.web.forms import read_body
from newsletter.web.site import site_of

MOST_BYTES: Final = 1_048_576


async def post(request: Request) -> Response:
    """Take a report: 200 once it is stored; 403 where sending it once more is of no use, and 503 where it is."""
    site, provider = site_of(request), request.path_params["provider"]
    if not await run_in_threadpool(_is_known, provider):
        raise HTTPException(404)
    body = await read_body(request, MOST_BYTES)
    headers = {name.lower(): value for name, value in request.headers.items()}
    report = WebhookRequest(headers, body, site.there.clock())
    try:
        await run_in_threadpool(take_webhook, site.there, provider, report)
    except WebhookRefused as error:
        raise HTTPException(403) from error
    except NewsletterError as error:
        raise HTTPException(503, headers={"retry-after": "60"}) from error
    return PlainTextResponse("Taken.\n")


def _is_known(provider: str) -> bool:
    try:
        return has_webhook(provider)
    except PluginError:
        return False
