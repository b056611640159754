"""Pictures of every kind become small files that every mail program shows, or an error that says what to do."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageSequence, ImageStat

from newsletter.media import Original, PictureCache, UnreadablePicture, Variant
from newsletter.media.encoding import encode
from newsletter.media.reading import PIXEL_LIMIT, examine
from newsletter.media.stripping import stripped_gif, stripped_jpeg
from support import pictures as samples


def original(content: bytes) -> Original:
    return Original("picture", Path("picture"), "0" * 64, examine(content))


def made(content: bytes, width: int | None = None, paper: str = "#ffffff") -> bytes:
    """Encode a picture for a file of some width, its own if none is given."""
    found = original(content)
    return encode(content, Variant(found, width or found.facts.width, paper if found.facts.opaque else ""))


def distance(one: Image.Image, other: Image.Image) -> float:
    """Tell how far two pictures are apart, as values of a colour, on average."""
    grounds = [Image.new("RGBA", one.size, "white") for _ in range(2)]
    shown = [
        Image.alpha_composite(ground, picture.convert("RGBA").resize(one.size)).convert("RGB")
        for ground, picture in zip(grounds, (one, other), strict=True)
    ]
    return max(ImageStat.Stat(ImageChops.difference(*shown)).mean)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_turned_as_it_was_held_and_tells_nothing_of_its_maker(orientation: int) -> None:
    content = samples.turned(orientation)
    facts = examine(content)
    upright = Image.open(io.BytesIO(content))
    upright.load()
    expected = {
        1: ("red", "lime", "blue", "white"),
        2: ("lime", "red", "white", "blue"),
        3: ("white", "blue", "lime", "red"),
        4: ("blue", "white", "red", "lime"),
        5: ("red", "blue", "lime", "white"),
        6: ("blue", "red", "white", "lime"),
        7: ("white", "lime", "blue", "red"),
        8: ("lime", "white", "red", "blue"),
    }[orientation]
    shown = samples.read(made(content))
    assert shown.size == (facts.width, facts.height) == ((80, 40) if orientation < 5 else (40, 80))
    points = [(shown.width * x // 4, shown.height * y // 4) for y in (1, 3) for x in (1, 3)]
    names = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    for point, name in zip(points, expected, strict=True):
        found = shown.convert("RGB").getpixel(point)
        assert max(abs(a - b) for a, b in zip(found, names[name], strict=True)) < 40
    assert not shown.getexif()
    assert b"Secret" not in made(content)
    assert b"secret" not in made(content)


def test_photograph_becomes_a_small_progressive_jpeg_of_the_width_that_was_asked_for() -> None:
    content = samples.saved(samples.photograph(1600, 900), "PNG")
    small = made(content, 640)
    shown = samples.read(small)
    assert (shown.format, shown.size, shown.info.get("progressive")) == ("JPEG", (640, 360), 1)
    assert len(small) < len(made(content)) < len(content) / 5
    assert distance(shown, samples.read(content)) < 6


def test_flat_figure_stays_a_png_and_see_through() -> None:
    content = samples.saved(samples.logo(), "PNG")
    shown = samples.read(made(content, 150))
    assert (shown.format, shown.size) == ("PNG", (150, 50))
    pixels = shown.convert("RGBA")
    assert pixels.getpixel((0, 0))[3] == 0
    assert max(abs(a - b) for a, b in zip(pixels.getpixel((75, 25)), (11, 79, 138, 255), strict=True)) < 8


def test_soft_shadows_and_gradients_stay_soft() -> None:
    picture = samples.soft_logo()
    shown = samples.read(made(samples.saved(picture, "PNG")))
    apart = ImageChops.difference(shown.convert("RGBA").convert("RGBa"), picture.convert("RGBa"))
    assert max(ImageStat.Stat(apart).mean) < 1
    assert shown.convert("RGBA").getpixel((0, 0))[3] == 0


def test_flat_figure_needs_no_more_than_a_palette() -> None:
    picture = Image.new("RGB", (300, 100), "white")
    picture.paste(samples.logo(), mask=samples.logo())
    shown = samples.read(made(samples.saved(picture, "PNG"), 150))
    assert shown.mode == "P"
    assert distance(shown, picture.resize((150, 50), Image.Resampling.LANCZOS)) < 1


def test_cut_out_photograph_is_not_too_heavy() -> None:
    noise = Image.effect_noise((900, 900), 90)
    picture = Image.merge("RGBA", (noise, noise.rotate(90), noise.rotate(180), Image.new("L", noise.size, 255)))
    picture.paste((0, 0, 0, 0), (0, 0, 900, 300))
    small = made(samples.saved(picture, "PNG"))
    assert samples.read(small).mode == "P"
    assert len(small) < len(samples.saved(picture, "PNG", optimize=True)) / 2


def test_photograph_with_soft_edges_lies_on_the_paper() -> None:
    picture = samples.photograph(400, 400).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 40, 40))
    content = samples.saved(picture, "PNG")
    assert original(content).facts.opaque
    shown = samples.read(made(content, paper="#18212b"))
    assert shown.format == "JPEG"
    assert max(abs(a - b) for a, b in zip(shown.getpixel((10, 10)), (24, 33, 43), strict=True)) < 12


def test_cut_out_photograph_stays_see_through() -> None:
    picture = samples.photograph(400, 400).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 400, 200))
    shown = samples.read(made(samples.saved(picture, "PNG")))
    assert shown.format == "PNG"
    assert shown.convert("RGBA").getpixel((10, 10))[3] == 0


def test_colours_of_print_become_those_of_the_screen() -> None:
    content = samples.saved(samples.photograph().convert("CMYK"), "JPEG", quality=95)
    shown = samples.read(made(content))
    assert shown.mode == "RGB"
    assert distance(shown, samples.photograph()) < 8


def test_colours_of_another_profile_are_converted() -> None:
    adobe = samples.photograph(100, 100)
    lab = ImageCms.profileToProfile(
        adobe, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    content = samples.saved(lab, "TIFF", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    shown = samples.read(made(content))
    assert "icc_profile" not in shown.info
    assert distance(shown, adobe) < 12


def test_profile_that_does_not_fit_is_left_out() -> None:
    shown = samples.read(made(samples.misfit()))
    assert "icc_profile" not in shown.info
    assert distance(shown, samples.photograph()) < 12


def test_sixteen_bits_become_eight_and_are_not_cut_off() -> None:
    picture = Image.new("I;16", (256, 16))
    for x in range(256):
        for y in range(16):
            picture.putpixel((x, y), x * 257)
    shown = samples.read(made(samples.saved(picture, "PNG"))).convert("L")
    assert all(abs(shown.getpixel((x, 8)) - x) <= 6 for x in range(0, 256, 5))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "BMP", "WEBP", "JPEG"])
def test_every_mode_of_every_kind_becomes_a_picture_for_the_web(mode: str, kind: str) -> None:
    picture = samples.photograph(40, 20)
    try:
        content = samples.saved(picture.convert(mode if mode != "PA" else "P"), kind)
    except (OSError, ValueError):
        return  # that kind knows no such mode
    shown = samples.read(made(content, 20))
    assert shown.format in ("JPEG", "PNG")
    assert shown.mode in ("L", "RGB", "P", "RGBA")
    assert shown.size == (20, 10)


def test_palette_with_a_see_through_colour_stays_so() -> None:
    flat = Image.new("P", (40, 40), 0)
    flat.putpalette([255, 0, 0, 0, 0, 255])
    flat.paste(1, (0, 0, 20, 40))
    shown = samples.read(made(samples.saved(flat, "PNG", transparency=0))).convert("RGBA")
    assert shown.getpixel((30, 20))[3] == 0
    assert shown.getpixel((5, 5)) == (0, 0, 255, 255)


def test_picture_is_never_enlarged() -> None:
    found = original(samples.saved(samples.photograph(100, 50), "PNG"))
    assert Variant(found, 100, "").height == 50


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "SVG"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"<!DOCTYPE html><p>Not here", "web page"),
        (b"\0\0\0\x18ftypheic\0\0", "HEIC"),
        (b"%PDF-1.7", "no picture"),
        (b"\xff\xd8 not much of a picture", "damaged"),
        (samples.saved(samples.photograph(), "JPEG")[:-600], "damaged"),
        (samples.saved(samples.photograph(), "PNG")[:500], "damaged"),
        (samples.moving(samples.frames())[:-400], "damaged"),
        (samples.bomb(), "million pixels"),
        (samples.bomb(9_500, 9_500), "million pixels"),
        (samples.bomb(40_000, 2), "million pixels"),
    ],
)
def test_what_cannot_be_shown_is_told_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(UnreadablePicture, match=words) as caught:
        examine(content)
    assert caught.value.remedy.endswith(".")


def test_bombs_are_refused_before_they_go_off() -> None:
    assert PIXEL_LIMIT < 9_500 * 9_500
    assert len(samples.bomb()) < 200


@given(
    st.sampled_from(
        [
            samples.saved(samples.photograph(40, 40), "JPEG"),
            samples.saved(samples.logo(40, 40), "PNG"),
            samples.moving(samples.frames(3)),
            samples.saved(samples.photograph(40, 40), "WEBP"),
            samples.saved(samples.photograph(40, 40), "TIFF"),
        ]
    ),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
def test_damage_gives_a_picture_or_an_error_and_nothing_else(content: bytes, damage: list[tuple[float, int]]) -> None:
    broken = bytearray(content)
    for where, value in damage:
        broken[int(where * len(broken))] = value
    try:
        shown = samples.read(made(bytes(broken), 10))
    except UnreadablePicture:
        return
    assert shown.format in ("JPEG", "PNG", "GIF")


@pytest.mark.corpora
def test_pictures_of_the_corpora_can_be_shown(corpora: Path) -> None:
    kinds = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tiff"}
    found = [path for path in corpora.rglob("*") if path.suffix.lower() in kinds]
    assert len(found) >= 6
    for path in found:
        shown = samples.read(made(path.read_bytes()))
        assert distance(shown, samples.read(path.read_bytes())) < 16, path


def test_well_encoded_jpeg_is_kept_bit_for_bit_without_its_notes() -> None:
    content = samples.saved(samples.photograph(), "JPEG", quality=30, optimize=True, comment=b"secret")
    kept = made(content)
    assert len(kept) < len(content)
    assert b"secret" not in kept
    assert ImageChops.difference(samples.read(kept), samples.read(content)).getbbox() is None


@given(st.binary(max_size=60), st.sampled_from([b"\xff\xd8", b"GIF89a" + b"\0" * 7, b""]))
def test_anything_can_be_stripped_or_refused(content: bytes, start: bytes) -> None:
    for strip in (stripped_jpeg, stripped_gif):
        try:
            strip(start + content)
        except IndexError:
            pytest.fail("it is not told that this cannot be stripped")


def all_frames(content: bytes) -> list[tuple[Image.Image, int]]:
    picture = Image.open(io.BytesIO(content))
    return [(frame.convert("RGBA"), frame.info["duration"]) for frame in ImageSequence.Iterator(picture)]


@pytest.mark.parametrize("width", [60, 30])
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("disposal", [0, 1, 2])
def test_picture_that_moves_keeps_each_frame_and_its_time(kind: str, width: int, disposal: int) -> None:
    options = {"loop": 0} | ({"disposal": disposal} if kind == "GIF" else {})
    options |= {"lossless": True} if kind == "WEBP" else {}
    content = samples.moving(samples.frames(8), kind, **options)
    shown = made(content, width)
    assert samples.read(shown).format == "GIF"
    assert samples.read(shown).info["loop"] == 0
    before, after = all_frames(content), all_frames(shown)
    assert [time for _, time in after] == [50, 60, 70, 80, 90, 100, 110, 120] == [round(time) for _, time in before]
    for (old, _), (new, _) in zip(before, after, strict=True):
        assert new.size == (width, width * 2 // 3)
        assert distance(new, old.resize(new.size, Image.Resampling.LANCZOS)) < 4


def test_frames_that_are_see_through_do_not_show_the_one_before() -> None:
    drawn = []
    for number in range(4):
        picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
        picture.paste((200, 0, 0, 255), (number * 10, 0, number * 10 + 10, 40))
        drawn.append(picture)
    content = samples.moving(drawn, disposal=2, loop=0)
    for size in (40, 20):
        for number, (frame, _) in enumerate(all_frames(made(content, size))):
            columns = [frame.getpixel((x * size // 4 + size // 8, size // 2))[3] for x in range(4)]
            assert columns == [255 if x == number else 0 for x in range(4)]


@pytest.mark.parametrize("loop", [None, 3])
def test_how_often_it_runs_is_kept(loop: int | None) -> None:
    options = {} if loop is None else {"loop": loop}
    content = samples.moving(samples.frames(), **options)
    for width in (60, 30):
        assert samples.read(made(content, width)).info.get("loop") == loop


def test_first_frame_that_shows_something_goes_first() -> None:
    content = samples.moving(samples.frames(8, blank=2), loop=0)
    times = [time for _, time in all_frames(content)]
    after = all_frames(made(content))
    assert after[0][0].convert("L").getextrema()[0] < 128
    assert sum(time for _, time in after) == sum(times)
    assert [time for _, time in after] == [*times[1:], times[0]]  # both blank frames are one to begin with


def test_what_runs_once_ends_as_it_did() -> None:
    content = samples.moving(samples.frames(5, blank=1))
    after = all_frames(made(content))
    assert after[0][0].convert("L").getextrema()[0] < 128
    assert len(after) == 6
    assert distance(after[-1][0], all_frames(content)[-1][0]) < 2


def test_comments_of_a_picture_that_moves_are_left_out() -> None:
    content = samples.moving(samples.frames(), loop=0, comment=b"secret comment")
    assert b"secret" in content
    shown = made(content)
    assert b"secret" not in shown
    assert all_frames(shown)[3][0].tobytes() == all_frames(content)[3][0].tobytes()


def test_picture_that_moves_for_too_long_is_refused() -> None:
    big = [Image.new("P", (2000, 2000), number) for number in range(60)]
    with pytest.raises(UnreadablePicture, match="moves for too long"):
        examine(samples.moving(big))


def test_second_time_costs_no_decoding(tmp_path: Path) -> None:
    content = samples.saved(samples.photograph(), "PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    cache = PictureCache(tmp_path / "cache")
    variant = Variant(cache.original(content, path, "picture.png"), 100, "")
    first = cache.encoded(variant)
    assert cache.decoded == 2
    again = PictureCache(tmp_path / "cache")
    assert again.encoded(Variant(again.original(content, path, "picture.png"), 100, "")) == first
    assert again.decoded == 0


def test_name_tells_content_width_and_paper() -> None:
    one = original(samples.saved(samples.photograph(), "PNG"))
    other = Original(one.name, one.path, "1" * 64, one.facts)
    names = {Variant(one, 100, "").name, Variant(one, 50, "").name, Variant(one, 100, "#ffffff").name}
    assert len(names | {Variant(other, 100, "").name}) == 4
    assert all(name.endswith(".jpg") and len(name) == 20 for name in names)
