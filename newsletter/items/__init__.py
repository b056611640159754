"""What an article, an event and a publication are, and how they stand in a file."""

from newsletter.items.change import change_item
from newsletter.items.files import (
    LESS_DEEP,
    item_from_text,
    local_files,
    place_in_item,
    place_of_value,
    quotes_in,
    read_item,
)
from newsletter.items.markdown import Named, line_too_deep, markdown, pictures_in, too_deep
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
    "LESS_DEEP",
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
    "line_too_deep",
    "local_files",
    "markdown",
    "pictures_in",
    "place_in_item",
    "place_of_value",
    "quotes_in",
    "read_item",
    "too_deep",
]
