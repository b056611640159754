"""Everything that the pages of one workspace share, and the tokens that they take and give."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from newsletter.dispatch import PREFERENCES, UNSUBSCRIBE, Surroundings
from newsletter.render import SHARED, read_theme
from newsletter.subscribers import Asking, ListDefinition, kept_network
from newsletter.web.answering import BEAT_SECONDS
from newsletter.web.archive.library import Library
from newsletter.web.departures import Departures
from newsletter.web.limits import Limit, Limits
from newsletter.web.showing import Pages

CONFIRM: Final = "confirm"
RETURN: Final = "return"
FORM: Final = "form"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token is about: somebody by number, and the list of the message that it stood in."""

    subscriber: int
    list: str | None


@dataclass(frozen=True)
class Site:
    """One workspace's site.

    Args:
        there: Workspace, settings, definitions, signer, database and clock.
        beat: At whole multiples of how many seconds answers go that are to tell nothing by their time.
    """

    there: Surroundings
    beat: float = BEAT_SECONDS
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def base(self) -> str:
        """The path that the site's address ends in, with a slash at both ends."""
        return urlsplit(self.there.settings.public_url).path or "/"

    @cached_property
    def origin(self) -> str:
        """How browsers name where our pages come from."""
        parts = urlsplit(self.there.settings.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def pages(self) -> Pages:
        """What makes pages."""
        return Pages(self.there.settings, read_theme([self.there.workspace.templates / SHARED]), self.base)

    @cached_property
    def departures(self) -> Departures:
        """Those who are leaving."""
        return Departures(self.there.database, self.there.clock)

    @cached_property
    def library(self) -> Library:
        """The issues that have gone out."""
        return Library(self.there)

    @property
    def public_lists(self) -> dict[str, ListDefinition]:
        """The lists that readers can join by themselves."""
        return {name: one for name, one in self.there.definitions.lists.items() if one.is_public}

    def leaver(self, token: str) -> Bearer | None:
        """Tell who may leave by a token; None where it was not made here, or for something else."""
        return self._bearer(UNSUBSCRIBE, token)

    def chooser(self, token: str) -> Bearer | None:
        """Tell whose page a token leads to."""
        return self._bearer(PREFERENCES, token)

    def preferences_link(self, bearer: Bearer) -> str:
        """Give the path of somebody's own page."""
        token = self.there.signer.sign(PREFERENCES, f"{bearer.subscriber}:{bearer.list or ''}".encode())
        return f"{self.base}preferences/{token}"

    def returner(self, token: str) -> Bearer | None:
        """Tell who may take a leave back by a token."""
        return self._bearer(RETURN, token)

    def return_token(self, bearer: Bearer | None, leaving_token: str) -> str:
        """Make a token to take a leave back by; for a token that is nobody's, one that looks the same and does nothing.

        Args:
            leaving_token: What the leave was made by.
        """
        if bearer is not None:
            return self.there.signer.sign(RETURN, f"{bearer.subscriber}:{bearer.list or ''}".encode())
        length = max(len(leaving_token) * 3 // 4 - _FRAME_BYTES, 3)
        return self.there.signer.sign(RETURN, b"0:" + b"x" * (length - 2))

    def confirmation(self, token: str) -> int | None:
        """Give the number of what a token confirms."""
        payload = self.there.signer.verify(CONFIRM, token)
        return int(payload) if payload is not None and payload.isdigit() else None

    def asking(self, request: Request, language: str, source: str, text: str = "") -> Asking:
        """Tell how, when and from where something is asked."""
        network = kept_network(request.state.address, self.there.settings.privacy.networks)
        return Asking(self.there.clock(), language, source, text, network)

    def wait_for_mail(self, request: Request, network: str, lists: tuple[str, ...] = ()) -> float:
        """Count a request that causes a mail; tells after how many seconds it may be made again, 0 if at once.

        Args:
            network: What whoever asks shares with neighbours.
        """
        web = self.there.settings.web
        return self.limits.take(
            [
                Limit("all", web.joins_in_total),
                Limit(f"address {request.state.address}", web.joins_per_address),
                Limit(f"network {network}", web.joins_per_network),
                *(Limit(f"list {name}", web.joins_per_list) for name in lists),
            ]
        )

    def _bearer(self, purpose: str, token: str) -> Bearer | None:
        payload = self.there.signer.verify(purpose, token)
        if payload is None:
            return None
        number, _, list_name = payload.decode("utf-8", "replace").partition(":")
        return Bearer(int(number), list_name or None) if number.isdecimal() else None


_FRAME_BYTES: Final = 19
"""What a token has beside its payload: the key's number and the tag."""


def site_of(request: Request) -> Site:
    """Give the site that a request came to."""
    site: Site = request.app.state.site
    return site
