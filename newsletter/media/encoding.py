"""Makes the published file of a picture: upright, in the colours of the web, small, and without what it tells of its
maker.
"""

import io
from typing import Final

from PIL import Image, ImageChops, ImageCms

from newsletter.media.model import Variant
from newsletter.media.moving import encode_moving
from newsletter.media.reading import careful, opened
from newsletter.media.stripping import stripped_jpeg

JPEG_QUALITY: Final = 70
PALETTE: Final = 256
HEAVY: Final = 400_000
"""Bytes of a PNG from which on readers' patience counts for more than fine shades."""
_VISIBLE: Final = 8
"""Values of a colour that are so far apart are seen, side by side."""
_TOLERATED: Final = 0.005
"""So many of the pixels may be seen to differ."""
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIXTEEN_BITS: Final = 256


def encode(content: bytes, variant: Variant) -> bytes:
    """Make the file of a variant from its original's content.

    Raises:
        UnreadablePicture: The content cannot be read.
    """
    facts = variant.original.facts
    with careful():
        if facts.frames > 1:
            return encode_moving(content, (variant.width, variant.height))
        picture = _colours_of_the_web(_sized(content, variant))
        if facts.format == "png":
            return _png(picture)
        made = _jpeg(_on_paper(picture, variant.paper))
        return _smaller(made, content, variant)


def _sized(content: bytes, variant: Variant) -> Image.Image:
    """Read a picture at its new size; its colours are still those of its own profile."""
    picture = opened(content)
    profile = picture.info.get("icc_profile")
    size = (variant.width, variant.height)
    orientation = variant.original.facts.orientation
    if picture.format in ("JPEG", "MPO"):
        picture.draft(None, size[::-1] if orientation > 4 else size)
    picture.load()
    turned = picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture
    plain = _plain_mode(turned)
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    plain.info = {"icc_profile": profile} if profile else {}
    return plain


def _plain_mode(picture: Image.Image) -> Image.Image:
    """Give a picture in one of the modes L, RGB, RGBA and CMYK."""
    mode = picture.mode
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if mode.startswith("I;16"):
        return _eight_bits(picture.convert("I"))
    if mode in ("I", "F"):
        return _eight_bits(picture)
    if mode == "1":
        return picture.convert("L")
    return picture if mode in ("L", "RGB", "CMYK") else picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Scale grey values to bytes: Pillow by itself would cut off all that are above 255."""
    low, high = picture.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple):
        return picture.convert("L")
    if picture.mode == "I" and low >= 0 and high < _SIXTEEN_BITS**2:
        low, high = 0, _SIXTEEN_BITS**2 - 1
    scale = 255 / (high - low) if high > low else 0
    return picture.convert("F").point(lambda value: value * scale - low * scale).convert("L")


def _colours_of_the_web(picture: Image.Image) -> Image.Image:
    """Convert the colours of a picture's profile to sRGB, which is what programs take those of a mail for."""
    profile = picture.info.pop("icc_profile", None)
    if profile:
        alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
        solid = picture.convert("RGB") if alpha else picture
        try:
            converted = ImageCms.profileToProfile(
                solid, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile that does not fit the picture says nothing about it
        if converted is not None:
            if alpha:
                converted.putalpha(alpha)
            return converted
    return picture.convert("RGB") if picture.mode == "CMYK" else picture


def _on_paper(picture: Image.Image, paper: str) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, paper or "#ffffff")
    return Image.alpha_composite(ground, picture).convert("RGB")


def _jpeg(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.info = {}
    picture.save(target, "JPEG", quality=JPEG_QUALITY, progressive=True, optimize=True, subsampling="4:2:0")
    return target.getvalue()


def _smaller(made: bytes, content: bytes, variant: Variant) -> bytes:
    """Keep what the author has encoded well already: to encode it again costs quality and saves nothing."""
    facts = variant.original.facts
    if facts.orientation == 1 and variant.width == facts.width:
        kept = stripped_jpeg(content)
        if kept is not None and len(kept) <= len(made):
            return kept
    return made


def _png(picture: Image.Image) -> bytes:
    """Write a PNG, with a palette where nobody sees the difference, or where it would be too heavy without."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    if picture.mode == "L":
        return _written(picture)
    method = Image.Quantize.FASTOCTREE if picture.mode == "RGBA" else Image.Quantize.MEDIANCUT
    reduced = picture.quantize(PALETTE, method=method, dither=Image.Dither.NONE)
    if _alike(picture, reduced):
        return _written(reduced)
    made = _written(picture)
    return made if len(made) <= HEAVY else _written(reduced)


def _written(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.info = {}
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


def _alike(picture: Image.Image, reduced: Image.Image) -> bool:
    """Tell whether two pictures look the same, whatever they lie on."""
    # With colours multiplied by how much is seen of them, what is not seen at all does not count.
    apart = ImageChops.difference(*(one.convert("RGBA").convert("RGBa") for one in (picture, reduced)))
    seen = max(sum(apart.getchannel(channel).histogram()[_VISIBLE:]) for channel in range(4))
    return seen <= _TOLERATED * picture.width * picture.height
