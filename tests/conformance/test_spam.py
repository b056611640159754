"""What SpamAssassin makes of the example messages, by its offline rules."""

import asyncio
import shutil

import pytest

from newsletter.preflight.spam_score import MOST, PROGRAM, judge
from newsletter.workspace import Workspace
from support.checking import Desk

pytestmark = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason="SpamAssassin is not installed")


def test_no_example_is_anything_like_spam(workspace: Workspace) -> None:
    slugs = sorted(path.parent.name for path in workspace.issues.glob("*/issue.yaml"))
    assert slugs
    for slug in slugs:
        verdict = asyncio.run(judge(Desk(workspace, slug).context().message))
        assert verdict is not None
        assert verdict[0] <= MOST, verdict
