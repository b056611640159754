"""What an article, an event and a publication are, and how they stand in a file."""

from newsletter.items.change import change_item
from newsletter.items.files import item_from_text, local_files, place_in_item, place_of_value, quotes_in, read_item
from newsletter.items.markdown import DEPTH_LIMIT, Named, markdown, pictures_in
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
from newsletter.items.schema import ImageGroup

__all__ = [
    "DEPTH_LIMIT",
    "Article",
    "Event",
    "EventStatus",
    "Image",
    "ImageGroup",
    "Item",
    "Named",
    "Person",
    "Publication",
    "Quote",
    "Registration",
    "change_item",
    "item_from_text",
    "local_files",
    "markdown",
    "pictures_in",
    "place_in_item",
    "place_of_value",
    "quotes_in",
    "read_item",
]
