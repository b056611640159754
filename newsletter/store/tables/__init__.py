"""All tables, one file for each package that owns some."""

from newsletter.store.tables.approvals import approvals
from newsletter.store.tables.base import metadata
from newsletter.store.tables.changes import changed_people, changed_spans, changes
from newsletter.store.tables.consents import confirmations, consent_texts, consents
from newsletter.store.tables.dispatch import (
    compiled_issues,
    deliveries,
    delivery_counts,
    delivery_events,
    dispatch_events,
    dispatches,
    kept_readers,
    leases,
)
from newsletter.store.tables.feedback import feedback_events
from newsletter.store.tables.instances import instances
from newsletter.store.tables.pacing import rate_limits
from newsletter.store.tables.subscribers import (
    departures,
    former_people,
    subscriber_tags,
    subscriber_topics,
    subscribers,
    subscriptions,
    suppressions,
)

__all__ = [
    "approvals",
    "changed_people",
    "changed_spans",
    "changes",
    "compiled_issues",
    "confirmations",
    "consent_texts",
    "consents",
    "deliveries",
    "delivery_counts",
    "delivery_events",
    "departures",
    "dispatch_events",
    "dispatches",
    "feedback_events",
    "former_people",
    "instances",
    "kept_readers",
    "leases",
    "metadata",
    "rate_limits",
    "subscriber_tags",
    "subscriber_topics",
    "subscribers",
    "subscriptions",
    "suppressions",
]
