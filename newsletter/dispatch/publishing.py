"""Puts what an issue refers to where readers find it: its pictures, documents and calendar files."""

from datetime import datetime

from newsletter import media
from newsletter.dispatch.prepare import PreparedIssue
from newsletter.media import Target
from newsletter.render import publish_calendar


def publish(prepared: PreparedIssue, target: Target, now: datetime) -> None:
    """Publish the files of an issue; what is there already is left alone, but for events that have changed.

    Raises:
        ContentError: A picture has changed since it was looked at.
        WorkspaceError: The target cannot be read or written.
    """
    media.publish(prepared.media, target)
    publish_calendar(prepared.calendar, target, now)
