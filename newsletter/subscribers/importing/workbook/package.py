"""The ZIP package that a workbook is: its parts, read no further than is safe, and no XML that reaches outside."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

from newsletter.errors import Place, SubscriberError

MOST_OCTETS: Final = 4 * 1024**3
"""How much one part may hold once it is unpacked: some ten times the largest sheet that people make."""
_PIECE: Final = 262_144

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Package:
    """An open package.

    Args:
        name: What errors call it.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self.name = name
        self.parts = frozenset(archive.namelist())

    def size(self, part: str) -> int:
        """Tell how large a part says it is once it is unpacked."""
        return self._archive.getinfo(part).file_size

    def parse(self, part: str, start: Start, end: End, text: Text) -> Iterator[int]:
        """Parse one part, piece by piece.

        Args:
            start: Told of each element that begins, by its local name, with its attributes.
            end: Told of each that ends.
            text: Told of text.

        Yields:
            How many octets were parsed until now.

        Raises:
            SubscriberError: It is no XML, holds far too much, or declares entities.
        """
        parser = expat.ParserCreate(namespace_separator=None)
        parser.buffer_text = True
        parser.ordered_attributes = False
        parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
        parser.EndElementHandler = lambda name: end(_local(name))
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._refuse_declarations
        done = 0
        try:
            with self._archive.open(part) as file:
                while piece := file.read(_PIECE):
                    done += len(piece)
                    if done > MOST_OCTETS:
                        raise self._damaged(f"'{part}' holds more than {MOST_OCTETS // 1024**3} GB")
                    parser.Parse(piece)
                    yield done
                parser.Parse(b"", True)
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise self._damaged(f"'{part}' cannot be read: {error}") from error
        yield done

    def parse_whole(self, part: str, start: Start, end: End | None = None, text: Text | None = None) -> None:
        """Parse one small part."""
        for _ in self.parse(part, start, end or _nothing, text or _nothing):
            pass

    def _refuse_declarations(self, *_: Any) -> None:
        raise self._damaged("it declares entities, which no workbook needs")

    def _damaged(self, why: str) -> SubscriberError:
        return SubscriberError(
            f"the workbook cannot be read: {why}",
            where=Place(self.name),
            remedy="Open it in a spreadsheet program and save it anew, or save the sheet as CSV in UTF-8.",
        )


@contextmanager
def open_package(file: IO[bytes] | Path, name: str) -> Iterator[Package]:
    """Open a package.

    Raises:
        SubscriberError: It is damaged.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SubscriberError(
            f"the file is damaged: {error}", where=Place(name), remedy="Download or save it once more."
        ) from error
    with archive:
        yield Package(archive, name)


def _local(name: str) -> str:
    return name if ":" not in name else name.rpartition(":")[2]


def _nothing(*_: Any) -> None:
    pass
