"""The web site that readers' links lead to can be reached.

Everything that a reader can do (leave, choose, see the pictures and the web version) begins with `public_url`.
That it is missing is a warning here, and a problem for whoever reads the newsletter.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from newsletter.doctor.base import Observation, Surroundings, fine, problem, warning
from newsletter.probing import Unreachable

NEEDS_NETWORK: Final = True


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Fetch the page that `public_url` names."""
    url = surroundings.settings.public_url
    try:
        answer = await surroundings.web.ask("GET", url)
    except Unreachable as error:
        say = problem if error.kind == "tls" else warning
        return [say(error.message, error.remedy)]
    if answer.onward is not None:
        found = warning(f"{url} leads on to {answer.onward}", "Set public_url to where the site really is.")
    elif answer.is_good:
        found = fine(f"{url} answers")
    else:
        found = warning(f"{url} answers {answer.status}", "See whether public_url is right, and the site set up.")
    return [found, *_privacy(url)]


def _privacy(url: str) -> Sequence[Observation]:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost") or _is_private(host):
        return [
            warning(f"readers cannot reach {host}: it is of this machine or network", "Set public_url before you send.")
        ]
    return []


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
