"""What mail clients make of HTML, CSS and pictures, by the Can I Email data that the package carries."""

from newsletter.compatibility.judging import Verdict, judge
from newsletter.compatibility.sources import Use, added_uses, read_uses
from newsletter.compatibility.support import (
    DATA,
    WORD_ENGINE,
    Client,
    Edition,
    Feature,
    Level,
    Support,
    chosen_clients,
    client,
    clients,
    edition,
    feature,
    features,
    support,
)

__all__ = [
    "DATA",
    "WORD_ENGINE",
    "Client",
    "Edition",
    "Feature",
    "Level",
    "Support",
    "Use",
    "Verdict",
    "added_uses",
    "chosen_clients",
    "client",
    "clients",
    "edition",
    "feature",
    "features",
    "judge",
    "read_uses",
    "support",
]
