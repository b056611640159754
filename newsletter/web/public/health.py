"""Whether the site works: for whatever watches it."""

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from newsletter.errors import StoreError
from newsletter.web.site import site_of


async def get(request: Request) -> Response:
    """Ask the database something."""
    site = site_of(request)

    def ask() -> None:
        with site.there.database.reading() as connection:
            connection.execute(sa.select(1))

    try:
        await run_in_threadpool(ask)
    except StoreError:
        return JSONResponse({"status": "database"}, status_code=503)
    return JSONResponse({"status": "ok"})
