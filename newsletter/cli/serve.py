"""`newsletter serve`: the public site, for as long as it runs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, pass_face
from newsletter.cli.dispatch.opening import opened

if TYPE_CHECKING:
    from newsletter.settings import Settings
    from newsletter.telemetry import LogFormat

PORT = 8080


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="The port; 0 takes one.")
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="NETWORK",
    help="Believe this proxy about who asks, beside those of web.proxies; again for another one.",
)
@click.option(
    "--log",
    "log_format",
    type=click.Choice(["text", "json"]),
    help="Write what is asked in words, or as JSON; by default as log.format says.",
)
@pass_face
def command(face: Face, host: str, port: int, proxies: tuple[str, ...], log_format: "LogFormat | None") -> None:
    """Serve the public site: joining, confirming, choosing, leaving, issues, archive and feeds.

    It mails what is to be confirmed, and forgets in time what need not be kept; issues are sent by 'newsletter send'
    and 'newsletter worker'. Put a proxy with https before it. A signal ends it in order: what is being answered comes
    to its end first.
    """
    from dataclasses import replace

    from newsletter import telemetry, upkeep, web
    from newsletter.dispatch import Stop, confirmation

    settings = _with_proxies(face.settings, proxies)
    listening = web.listen(host, port)
    with (
        listening,
        telemetry.keeping_journal(log_format or settings.log.format),
        opened(face) as there,
        _presence(*listening.getsockname()[:2]),
    ):
        site = web.Site(replace(there, settings=settings))
        with (
            upkeep.keeping_house(there, telemetry.tell),
            confirmation.mailing_beside(there, Stop(), telemetry.tell),
        ):
            web.serve(web.build_app(site), listening)


def _with_proxies(settings: "Settings", proxies: tuple[str, ...]) -> "Settings":
    """Add the proxies of the command to those of the settings.

    Raises:
        click.BadParameter: One is none.
    """
    import ipaddress

    try:
        added = tuple(str(ipaddress.ip_network(one)) for one in proxies)
    except ValueError as error:
        raise click.BadParameter(f"{error}; write it as 127.0.0.1 or 10.0.0.0/8", param_hint="--proxy") from error
    site = settings.web.model_copy(update={"proxies": (*settings.web.proxies, *added)})
    return settings.model_copy(update={"web": site})


@contextmanager
def _presence(host: str, port: int) -> Iterator[None]:
    """Tell when the site begins and ends to be served."""
    from newsletter import __version__, telemetry
    from newsletter.dispatch import Notice

    # What uvicorn tells about its own coming and going is told here already.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    began = monotonic()
    shown = f"[{host}]" if ":" in host else host
    fields = {"version": __version__, "host": host, "port": port}
    telemetry.tell(Notice("web.started", f"Serving at http://{shown}:{port}/. Ctrl-C ends it.", fields))
    try:
        yield
    finally:
        lasted = {"seconds": round(monotonic() - began, 3)}
        telemetry.tell(Notice("web.stopped", "Stopped; every answer has gone out.", lasted))
