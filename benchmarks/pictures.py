"""How long an issue with twenty photographs of twelve million pixels takes to build, the first time and after."""

import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.figures import Figure
from benchmarks.samples import LARGE, prepare, workspace
from newsletter.media import FolderTarget, PictureCache, publish
from newsletter.workspace import Workspace

SIZE = (4000, 3000)
COUNT = 20


def run() -> Iterator[Figure]:
    """Measure the time of the first and the second build, and how often a picture was decoded in each."""
    with workspace() as made, tempfile.TemporaryDirectory() as folder:
        weight = _give_pictures(made)
        for number, name in enumerate(("first build", "second build", "third build, one picture changed")):
            if number == 2:
                (made.issues / LARGE / "photograph-0.jpg").write_bytes(_photograph(COUNT))
            taken, decoded, published = _build(made, Path(folder) / str(number))
            weights = f"{published / 1000:,.0f} kB published of {weight / 1000:,.0f} kB"
            yield Figure(name, f"{taken * 1000:,.0f} ms", f"{decoded} times decoded, {weights}")


def _build(made: Workspace, target: Path) -> tuple[float, int, int]:
    start = time.perf_counter()
    prepared, _, _ = prepare(made, LARGE)
    publish(prepared.media, FolderTarget(target))
    taken = time.perf_counter() - start
    cache: PictureCache = prepared.cache
    return taken, cache.decoded, sum(path.stat().st_size for path in target.iterdir())


def _give_pictures(made: Workspace) -> int:
    """Give every item of the large issue a photograph, and have the template show them all."""
    folder = made.issues / LARGE
    weight = 0
    for number, item in enumerate(sorted(folder.glob("*.md"))):
        content = _photograph(number)
        (folder / f"photograph-{number}.jpg").write_bytes(content)
        weight += len(content)
        text = item.read_text(encoding="utf-8")
        key = "cover" if "kind: publication" in text else "image"
        item.write_text(
            text.replace("\nurl:", f"\n{key}:\n  source: photograph-{number}.jpg\n  alt: Foto\nurl:", 1),
            encoding="utf-8",
        )
    issue = folder / "issue.yaml"
    text = issue.read_text(encoding="utf-8")
    for layout in ("news", "agenda"):
        text = text.replace(f"layout: {layout}", "layout: lead")
    issue.write_text(text, encoding="utf-8")
    return weight


def _photograph(seed: int) -> bytes:
    chance = Random(seed)
    small = Image.frombytes("RGB", (400, 300), chance.randbytes(400 * 300 * 3))
    target = io.BytesIO()
    small.resize(SIZE, Image.Resampling.BICUBIC).save(target, "JPEG", quality=90)
    return target.getvalue()
