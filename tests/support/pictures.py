"""Pictures made up for tests: of every kind that cameras, drawing programs and bad luck produce."""

import io
import struct
import zlib
from collections.abc import Sequence
from random import Random
from typing import Any

from PIL import Image, ImageCms, ImageDraw, ImageFilter


def photograph(width: int = 200, height: int = 100, seed: int = 1) -> Image.Image:
    """Draw something with as many colours as a photograph has, and no more edges."""
    chance = Random(seed)
    small = Image.new("RGB", (max(2, width // 20), max(2, height // 20)))
    small.putdata([tuple(chance.randrange(40, 215) for _ in range(3)) for _ in range(small.width * small.height)])
    return small.resize((width, height), Image.Resampling.BICUBIC)


def corners(width: int = 80, height: int = 40) -> Image.Image:
    """Draw a picture whose four quarters tell how it is turned: red, green, blue and white."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), "red")
    draw.rectangle((width // 2, 0, width, height // 2 - 1), "lime")
    draw.rectangle((0, height // 2, width // 2 - 1, height), "blue")
    return picture


def logo(width: int = 300, height: int = 100) -> Image.Image:
    """Draw a flat figure on nothing."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((10, 10, width - 10, height - 10), "#0b4f8a")
    return picture


def soft_logo() -> Image.Image:
    """Draw a figure with a gradient, which casts a soft shadow on nothing."""
    picture = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((40, 30, 260, 75), (0, 0, 0, 150))
    picture = picture.filter(ImageFilter.GaussianBlur(8))
    gradient = Image.linear_gradient("L").resize((220, 50))
    picture.paste(Image.merge("RGB", (gradient, gradient.point(lambda _: 120), gradient)), (40, 20))
    return picture


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Write a picture as a file of some kind."""
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def turned(orientation: int) -> bytes:
    """Write a JPEG whose EXIF says how it was held, with other things in it that are nobody's business."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    exif[0x8825] = {1: "N", 2: (52.0, 5.0, 0.0)}
    return saved(corners(), "JPEG", exif=exif, quality=95, comment=b"secret comment", subsampling=0)


def misfit() -> bytes:
    """Write a JPEG with a profile for colours of another kind than it has."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return saved(photograph(), "JPEG", icc_profile=profile)


def frames(count: int = 8, width: int = 60, height: int = 40, blank: int = 0) -> list[Image.Image]:
    """Draw the frames of a picture that moves: a bar that wanders, after some frames with nothing on them."""
    drawn: list[Image.Image] = []
    for number in range(count):
        picture = Image.new("RGB", (width, height), "white")
        if number >= blank:
            left = number * width // count
            ImageDraw.Draw(picture).rectangle((left, 5, left + 5, height - 5), (200, 20 * number, 0))
        drawn.append(picture)
    return drawn


def moving(
    pictures: Sequence[Image.Image], kind: str = "GIF", milliseconds: Sequence[int] | None = None, **options: Any
) -> bytes:
    """Write frames as one file; each stays for its own time."""
    times = list(milliseconds or [50 + 10 * number for number in range(len(pictures))])
    return saved(pictures[0], kind, save_all=True, append_images=list(pictures[1:]), duration=times, **options)


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Write a small PNG that says of itself that it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")
    )


def read(content: bytes) -> Image.Image:
    """Read a picture whole."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture
