"""Puts what an issue refers to where readers find it: its pictures, documents and calendar files."""

from datetime import datetime

from newsletter.dispatch.prepare import PreparedIssue
from newsletter.render import publish_calendar, publish_media
from newsletter.settings import Settings
from newsletter.workspace import Workspace


def publish(prepared: PreparedIssue, settings: Settings, workspace: Workspace, now: datetime) -> None:
    """Publish the files of an issue; what is there already is left alone, but for events that have changed.

    Raises:
        WorkspaceError: The place where they are published cannot be read or written.
    """
    folder = settings.media_folder(workspace)
    publish_media(prepared.media, folder)
    publish_calendar(prepared.calendar, folder, now)
