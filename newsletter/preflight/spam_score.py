"""Message that a spam filter does not like.

SpamAssassin judges the example message by its offline rules, where it is installed. It calls a message spam from 5
points on; from 1 point on it says here what it does not like.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from typing import Final

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

PROGRAM: Final = "spamassassin"
MOST: Final = 1.0
_PATIENCE: Final = 60
_SCORE: Final = re.compile(r"^X-Spam-Status:.*?score=(-?[\d.]+)", re.MULTILINE)
_RULE: Final = re.compile(r"^\s*(-?\d+\.\d)\s+([A-Z][A-Z0-9_]+)\s", re.MULTILINE)


async def check(context: Context) -> AsyncIterator[Finding]:
    """Ask SpamAssassin."""
    verdict = await judge(context.message) if shutil.which(PROGRAM) else None
    if verdict is None or verdict[0] <= MOST:
        return
    score, rules = verdict
    message = say("SpamAssassin gives %(score)s points: %(rules)s", score=f"{score:g}", rules=", ".join(rules))
    remedy = say("Look its rules up, and write what they are about in another way.")
    yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)


async def judge(message: bytes) -> tuple[float, tuple[str, ...]] | None:
    """Give SpamAssassin's points for a message, and the rules they are for; None where it does not answer."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--local", "--test-mode", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        answer, _ = await asyncio.wait_for(process.communicate(message), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    text = answer.decode("utf-8", "replace").replace("\n\t", " ")
    score = _SCORE.search(text)
    rules = tuple(name for points, name in _RULE.findall(text) if float(points) > 0)
    return (float(score[1]), rules) if score else None
