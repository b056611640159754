"""Link with marks that only serve to follow readers.

Such marks come along when an address is copied from another newsletter or a social network. They name that source,
not yours, and sometimes the person who copied them.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT

_MARKS: Final = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|kwd|source|medium)|fbclid|gclid|dclid|gbraid|wbraid|msclkid|twclid|ttclid|igshid"
    r"|li_fat_id|mc_cid|mc_eid|mkt_tok|vero_id|_hsenc|_hsmi|oly_enc_id|oly_anon_id|yclid",
    re.IGNORECASE,
)


def check(context: Context) -> Iterator[Finding]:
    """Find marks of campaigns and clicks in addresses."""
    for link in context.links.web:
        for spot in link.spots:
            new = without_marks(spot.written)
            if new == spot.written:
                continue
            message = say("the link %(url)s carries marks to follow readers", url=link.url)
            yield Finding(
                spot.place, message, say("Leave them out; %(new)s leads there too.", new=new), spot.block, spot.fix(new)
            )


def without_marks(url: str) -> str:
    """Leave the marks out of an address; everything else stays as it is."""
    front, hash_, fragment = url.partition("#")
    page, question, query = front.partition("?")
    kept = [pair for pair in query.split("&") if not _MARKS.fullmatch(pair.partition("=")[0])]
    query = "&".join(kept)
    return f"{page}{question if query else ''}{query}{hash_}{fragment}" if question else url
