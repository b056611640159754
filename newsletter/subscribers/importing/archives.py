"""ZIP archives as other programs export them: several tables in one file, unpacked no further than is safe."""

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from newsletter.errors import Place, SubscriberError

ENDINGS: Final = (".csv", ".tsv", ".txt")
MOST_MEMBERS: Final = 1_000
MOST_OCTETS: Final = 4 * 1024**3
"""How much all tables of an archive may hold together once they are unpacked."""
MOST_BLOATED: Final = 200
"""How many times as large as in the archive a table may be; ten is usual, and only a bomb has a thousand."""
_SMALL: Final = 10 * 1024**2
"""Up to here nobody asks how much larger a table gets."""
_PIECE: Final = 1024**2


def list_tables(path: Path, name: str) -> Sequence[str]:
    """List the members of an archive that may be tables, in the order of their names.

    Raises:
        SubscriberError: It is damaged, or none is there, or far too many.
    """
    with _opened(path, name) as archive:
        members = [one.filename for one in archive.infolist() if _is_table(one)]
    if not members:
        raise SubscriberError(
            "the archive holds no CSV file", where=Place(name), remedy="Unpack it and name the file with the people."
        )
    if len(members) > MOST_MEMBERS:
        raise SubscriberError(
            f"the archive holds {len(members):,} tables",
            where=Place(name),
            remedy="Unpack it and name the file with the people.",
        )
    return sorted(members)


@contextmanager
def unpacked(path: Path, name: str, member: str) -> Iterator[Path]:
    """Unpack one member into a file of ours, which goes at the end.

    Raises:
        SubscriberError: It is damaged, locked by a password, or a bomb.
    """
    with tempfile.NamedTemporaryFile(prefix="newsletter-", suffix=".csv") as file:
        with _opened(path, name) as archive:
            _unpack(archive, archive.getinfo(member), file, f"{name}/{member}")
        file.flush()
        yield Path(file.name)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: IO[bytes], name: str) -> None:
    if member.flag_bits & 1:
        raise SubscriberError(
            "the archive is locked by a password", where=Place(name), remedy="Unpack it and name the file in it."
        )
    most = min(MOST_OCTETS, max(_SMALL, member.compress_size * MOST_BLOATED))
    done = 0
    try:
        with archive.open(member) as packed:
            while piece := packed.read(_PIECE):
                done += len(piece)
                if done > most:
                    raise SubscriberError(
                        f"this gets more than {most:,} octets large when it is unpacked",
                        where=Place(name),
                        remedy="If you trust it, unpack it yourself and name the file with the people.",
                    )
                file.write(piece)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise SubscriberError(
            f"this cannot be unpacked: {error}", where=Place(name), remedy="Download the archive once more."
        ) from error


def _is_table(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts)
    return not member.is_dir() and not is_hidden and path.suffix.lower() in ENDINGS


@contextmanager
def _opened(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SubscriberError(
            f"the archive is damaged: {error}", where=Place(name), remedy="Download it once more."
        ) from error
    with archive:
        yield archive
