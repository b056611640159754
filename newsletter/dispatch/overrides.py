"""That somebody sends an issue in spite of what was found: why, who, and what was overridden."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from newsletter.dispatch.audit import who
from newsletter.errors import DispatchError
from newsletter.preflight.base import Report


@dataclass(frozen=True, slots=True)
class Override:
    """What the receipt keeps of it.

    Args:
        by: The name that the person is logged in under on the machine.
        findings: How many of each check are overridden.
    """

    reason: str
    by: str
    findings: Mapping[str, int]

    def document(self) -> dict[str, Any]:
        """Give it as data, ready for JSON."""
        return asdict(self)

    def json(self) -> str:
        """Write it as JSON, to be kept with the dispatch."""
        return json.dumps(self.document(), ensure_ascii=False)


def override(report: Report, reason: str) -> Override | None:
    """Override what stops an issue; None where nothing does.

    Raises:
        DispatchError: No reason is given.
    """
    if not reason.strip():
        raise DispatchError(
            "the reason to override is empty", remedy="Say why it is sent all the same; the receipt keeps it."
        )
    if not report.blocking:
        return None
    counted = Counter(one.check for one in report.blocking)
    return Override(" ".join(reason.split()), who(), dict(sorted(counted.items())))


def read_override(kept: str | None) -> Override | None:
    """Read what was kept with a dispatch."""
    return Override(**json.loads(kept)) if kept else None
