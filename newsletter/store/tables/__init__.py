"""All tables, one file for each package that owns some."""

from newsletter.store.tables.base import metadata
from newsletter.store.tables.dispatch import compiled_issues, deliveries, delivery_counts, dispatches
from newsletter.store.tables.subscribers import subscriber_topics, subscribers, subscriptions, suppressions

__all__ = [
    "compiled_issues",
    "deliveries",
    "delivery_counts",
    "dispatches",
    "metadata",
    "subscriber_topics",
    "subscribers",
    "subscriptions",
    "suppressions",
]
