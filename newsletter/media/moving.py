"""Keeps pictures that move moving, frame by frame, and sees to it that the first frame shows something: some mail
programs show no other.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageChops, ImageSequence

from newsletter.media.reading import opened
from newsletter.media.stripping import stripped_gif

_USUAL: Final = 100
_SHORT: Final = 20
_FOREVER: Final = 0
_LEAVE: Final = 1
_CLEAR: Final = 2
_NEAR: Final = 24
"""Values of one colour so close that they look alike."""
_NOTHING: Final = 0.01
"""A frame of which less than this differs from its ground shows nothing."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame, drawn whole.

    Args:
        milliseconds: How long it stays.
    """

    picture: Image.Image
    milliseconds: int


def encode_moving(content: bytes, size: tuple[int, int]) -> bytes:
    """Make a GIF of a picture that moves, at a size; to be called within `careful`."""
    picture = opened(content)
    loop = picture.info.get("loop")
    frames = _frames(picture, size)
    first = next((number for number, frame in enumerate(frames) if shows_something(frame.picture)), 0)
    if first == 0 and picture.format == "GIF" and picture.size == size:
        kept = stripped_gif(content)
        if kept is not None:
            return kept
    return _gif(_beginning_with(frames, first, loop), loop)


def shows_something(picture: Image.Image) -> bool:
    """Tell whether there is anything on a frame but its ground."""
    seen = Image.alpha_composite(Image.new("RGBA", picture.size, "#ffffff"), picture.convert("RGBA")).convert("RGB")
    small = seen.resize((min(seen.width, 200), min(seen.height, 200)), Image.Resampling.NEAREST)
    colours: list[tuple[int, float | tuple[int, ...]]] = [*(small.getcolors(small.width * small.height) or ())]
    _, ground = max(colours, key=lambda one: one[0])
    apart = ImageChops.difference(small, Image.new("RGB", small.size, ground))
    strongest = ImageChops.lighter(ImageChops.lighter(apart.getchannel(0), apart.getchannel(1)), apart.getchannel(2))
    differing = sum(strongest.histogram()[_NEAR:])
    return differing >= _NOTHING * small.width * small.height


def _frames(picture: Image.Image, size: tuple[int, int]) -> list[_Frame]:
    found: list[_Frame] = []
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        milliseconds = int(frame.info.get("duration") or _USUAL)
        drawn = frame.convert("RGBA")
        found.append(
            _Frame(drawn.resize(size, Image.Resampling.LANCZOS) if drawn.size != size else drawn, milliseconds)
        )
    return found


def _beginning_with(frames: Sequence[_Frame], first: int, loop: int | None) -> list[_Frame]:
    """Put the frame in front that shows something.

    One that runs for ever begins there; one that ends shows it for a moment before it begins, and ends as it did.
    """
    if first == 0:
        return list(frames)
    if loop == _FOREVER:
        return [*frames[first:], *frames[:first]]
    return [_Frame(frames[first].picture, _SHORT), *frames]


def _gif(frames: Sequence[_Frame], loop: int | None) -> bytes:
    target = io.BytesIO()
    see_through = any(sum(frame.picture.getchannel("A").histogram()[:255]) for frame in frames)
    pictures = [_hard_edged(frame.picture) if see_through else frame.picture.convert("RGB") for frame in frames]
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    for picture in pictures:
        picture.info = {}
    pictures[0].save(
        target,
        "GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=[frame.milliseconds for frame in frames],
        disposal=_CLEAR if see_through else _LEAVE,
        optimize=True,
        **options,
    )
    return target.getvalue()


def _hard_edged(picture: Image.Image) -> Image.Image:
    """Make every pixel either seen or not: GIF knows nothing between."""
    picture.putalpha(picture.getchannel("A").point(lambda value: 255 if value >= 128 else 0))
    return picture
