"""What an article, an event and a publication are, and how they stand in a file."""

from newsletter.items.model import (
    Article,
    Event,
    EventStatus,
    Image,
    Item,
    Person,
    Publication,
    Quote,
    Registration,
)

__all__ = [
    "Article",
    "Event",
    "EventStatus",
    "Image",
    "Item",
    "Person",
    "Publication",
    "Quote",
    "Registration",
]
