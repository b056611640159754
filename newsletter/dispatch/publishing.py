"""Puts what an issue refers to where readers find it: its pictures, documents and calendar files."""

from datetime import datetime

from newsletter import media
from newsletter.dispatch.prepare import PreparedIssue
from newsletter.media import Target
from newsletter.render import publish_calendar


def publish(prepared: PreparedIssue, target: Target, now: datetime, *, trial: bool = False) -> None:
    """Publish the files of an issue; what is there already is left alone, but for events that have changed.

    Args:
        trial: Whether only a few look at the issue; events that have changed are left alone too then.

    Raises:
        ContentError: A picture has changed since it was looked at.
        WorkspaceError: The target cannot be read or written.
    """
    media.publish(prepared.media, target)
    publish_calendar(prepared.calendar, target, now, trial=trial)
