"""Who gets a dispatch, and who does not and why."""

from newsletter.audience.selection import Selection, departed, selected

__all__ = ["Selection", "departed", "selected"]
