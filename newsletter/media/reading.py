"""Opens pictures that others made, of which nothing can be taken for granted, and tells what they are."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Final

from PIL import Image, ImageSequence, UnidentifiedImageError

from newsletter.media.model import BYTE_LIMIT, Facts, Format, UnreadablePicture

PIXEL_LIMIT: Final = 80_000_000
MOVING_PIXEL_LIMIT: Final = 200_000_000
"""Of all frames together."""
FRAME_LIMIT: Final = 500
SIDE_LIMIT: Final = 32_000

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF")
_MOVING: Final = frozenset({"GIF", "WEBP", "PNG"})
_ORIENTATION: Final = 0x0112
_SAMPLE: Final = 128
_FEW_COLOURS: Final = 2048
"""Among so many pixels a photograph has more."""
_MOSTLY: Final = 0.9
_FULL: Final = 250
_EXPORT: Final = "Save it as JPEG or PNG."

_PILLOW: Final = RLock()


@contextmanager
def careful() -> Iterator[None]:
    """Work with a picture: whatever goes wrong within is the picture's fault.

    Raises:
        UnreadablePicture: Something went wrong.
    """
    # Python keeps the filters of warnings for all threads together, so one thread at a time changes them.
    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except UnreadablePicture:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise _too_large() from error
        except Exception as error:  # decoders fail in ways that nobody lists
            raise _damaged() from error


def opened(content: bytes) -> Image.Image:
    """Open a picture by what is in it, whatever its name says; to be called within `careful`.

    Raises:
        UnreadablePicture: It is of no kind that is known, or has more pixels than are taken.
    """
    if not content:
        raise UnreadablePicture("is empty", "Save it again.")
    if len(content) > BYTE_LIMIT:
        raise UnreadablePicture(f"has more than {BYTE_LIMIT // 1_000_000} MB", "Make it smaller.")
    try:
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise _unknown(content) from error
    width, height = picture.size
    if width * height > PIXEL_LIMIT or max(width, height) > SIDE_LIMIT:
        raise _too_large()
    return picture


def examine(content: bytes) -> Facts:
    """Tell what a picture is, and make sure that all of it can be read.

    Raises:
        UnreadablePicture: It cannot be shown.
    """
    with careful():
        picture = opened(content)
        kind = picture.format or ""
        frames = int(getattr(picture, "n_frames", 1)) if kind in _MOVING else 1
        if frames > 1:
            return _moving(picture, frames)
        width, height = picture.size
        if kind in ("JPEG", "MPO"):
            picture.draft(None, (_SAMPLE, _SAMPLE))
        picture.load()
        orientation = _orientation(picture)
        if orientation > 4:
            width, height = height, width
        published, opaque = _published_as(picture, kind)
        return Facts(width, height, orientation, 1, published, opaque)


def _moving(picture: Image.Image, frames: int) -> Facts:
    width, height = picture.size
    if frames > FRAME_LIMIT or frames * width * height > MOVING_PIXEL_LIMIT:
        raise UnreadablePicture("moves for too long", f"Make it smaller, or leave out frames; it has {frames}.")
    for frame in ImageSequence.Iterator(picture):
        frame.load()
    return Facts(width, height, 1, frames, "gif", opaque=False)


def _orientation(picture: Image.Image) -> int:
    try:
        found = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - a picture whose notes are broken is as good as one without
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _published_as(picture: Image.Image, kind: str) -> tuple[Format, bool]:
    """Choose between JPEG and PNG, and tell whether see-through places are filled."""
    if kind in ("JPEG", "MPO"):
        return "jpeg", False
    if picture.mode not in ("1", "L", "P", "RGB") and not picture.has_transparency_data:
        return "jpeg", False  # CMYK, 16 bits and the like come from cameras and print
    sample = picture.convert("RGBA").resize(
        (min(picture.width, _SAMPLE), min(picture.height, _SAMPLE)), Image.Resampling.NEAREST
    )
    flat = sample.convert("RGB").getcolors(_FEW_COLOURS) is not None
    if not picture.has_transparency_data:
        return ("png" if flat else "jpeg"), False
    alpha = sample.getchannel("A").histogram()
    covered = sum(alpha[_FULL:]) / sum(alpha)
    if flat or covered < _MOSTLY:
        return "png", False
    return "jpeg", covered < 1


def _unknown(content: bytes) -> UnreadablePicture:
    start = content[:1000].lstrip().lower()
    if start.startswith((b"<svg", b"<?xml")) and b"<svg" in content[:5000].lower():
        return UnreadablePicture("is an SVG drawing, which mail programs do not show", "Export it as PNG.")
    if content.startswith((b"\xff\xd8", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*", b"MM\0*")):
        return _damaged()
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"heif", b"hevc"):
        return UnreadablePicture("is of the kind HEIC, which mail programs do not show", "Export it as JPEG.")
    if start.startswith((b"<!doctype html", b"<html")):
        return UnreadablePicture("is a web page and no picture", "Name the address of the picture itself.")
    return UnreadablePicture("is no picture of a kind that is known here", _EXPORT)


def _damaged() -> UnreadablePicture:
    return UnreadablePicture("is damaged, or only a part of a picture", "Export it anew.")


def _too_large() -> UnreadablePicture:
    return UnreadablePicture(
        f"has more than {PIXEL_LIMIT // 1_000_000} million pixels", "Make it smaller; 2,000 pixels wide is plenty."
    )
