"""What a link is, and where it is written."""

from dataclasses import dataclass

from newsletter.documents import KeyPath
from newsletter.errors import Place
from newsletter.manuscript import Fix, Sheet


@dataclass(frozen=True)
class Spot:
    """A place where somebody wrote an address.

    Args:
        written: The address as it stands there.
        block: The item that it belongs to, by its title; empty outside of items.
        sheet: The file; None where it is none of the issue's.
        start: Where the address begins in the text of the sheet; None where it is folded or escaped.
        key: The key whose value it belongs to; empty in the body of an item.
    """

    place: Place
    written: str
    block: str = ""
    sheet: Sheet | None = None
    start: int | None = None
    key: KeyPath = ()

    def fix(self, new: str) -> Fix | None:
        """Offer to write another address; None where that cannot be done safely."""
        if self.sheet is None or self.start is None:
            return None
        return Fix(self.sheet.name, self.sheet.path, self.start, self.written, new, self.key)


@dataclass(frozen=True)
class Link:
    """An address that readers are led to, with all places where it is written.

    Args:
        texts: The words that it stands under in the HTML part, each once.
        shown: Whether the message holds it; a link that is not whole is left out of it.
        personal: Whether a part of it differs from reader to reader.
        own: Whether it leads to what is published with the issue itself.
    """

    url: str
    texts: tuple[str, ...]
    spots: tuple[Spot, ...]
    shown: bool = True
    personal: bool = False
    own: bool = False
