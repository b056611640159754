"""Takes out of a picture's file what is not the picture, and leaves the picture itself as it is, bit for bit."""

from collections.abc import Iterator
from typing import Final

_KEPT_APPLICATIONS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
"""What tells how often a GIF runs."""


def stripped_jpeg(content: bytes) -> bytes | None:
    """Take comments, EXIF and the like out of a JPEG.

    Returns:
        None where that would change how it looks, or where it is not put together as it should be.
    """
    if content[:2] != b"\xff\xd8":
        return None
    try:
        return b"".join(_jpeg_segments(content))
    except IndexError:
        return None


def _jpeg_segments(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    position = 2
    while content[position + 1] != 0xD9:
        marker = content[position + 1]
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        # A colour profile or a second picture stands in 0xE2.
        if content[position] != 0xFF or length < 2 or marker == 0xE2:
            raise IndexError(position)
        end = position + 2 + length
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        # Of the notes of applications only Adobe's changes what the values mean.
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in (0xE0, 0xEE):
            yield content[position:end]
        position = end
    yield b"\xff\xd9"


def _end_of_scan(content: bytes, position: int) -> int:
    """Find the next marker behind packed values, in which 0xFF stands with 0 or with a mark of their own behind it."""
    while True:
        position = content.find(0xFF, position)
        if position < 0:
            raise IndexError(position)
        following = content[position + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return position
        position += 2


def stripped_gif(content: bytes) -> bytes | None:
    """Take comments and the notes of applications out of a GIF; None where it is not put together as it should be."""
    try:
        return b"".join(_gif_blocks(content))
    except IndexError:
        return None


def _gif_blocks(content: bytes) -> Iterator[bytes]:
    position = 13 + _table(content[10])
    yield content[:position]
    while content[position] != 0x3B:
        start = position
        if content[position] == 0x21:
            label = content[position + 1]
            position = _end_of_blocks(content, position + 2)
            named = content[start + 3 : start + 14]
            if label == 0xF9 or (label == 0xFF and named in _KEPT_APPLICATIONS):
                yield content[start:position]
        elif content[position] == 0x2C:
            position = _end_of_blocks(content, position + 11 + _table(content[position + 9]))
            yield content[start:position]
        else:
            raise IndexError(position)
    yield b"\x3b"


def _table(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(content: bytes, position: int) -> int:
    while content[position]:
        position += 1 + content[position]
    return position + 1
