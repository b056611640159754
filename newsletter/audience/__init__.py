"""Who gets a dispatch, and who does not and why."""

from newsletter.audience.examples import Example, example
from newsletter.audience.selection import Selection, departed, selected

__all__ = ["Example", "Selection", "departed", "example", "selected"]
