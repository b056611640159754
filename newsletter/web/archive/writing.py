"""Writes the archive as a site of files, which any web server can serve, or a browser open from a folder.

Each file takes its place in one step: what others lead to first, the page that leads to all of it last. So whoever
looks meanwhile finds the old archive or the new one. What an earlier one had and this one has not goes after that;
nothing else in the folder is touched.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from newsletter.errors import Place, WorkspaceError
from newsletter.web.archive import feeds
from newsletter.web.archive.library import Volume
from newsletter.web.archive.marking import Links
from newsletter.web.archive.search import words_of
from newsletter.web.languages import words
from newsletter.web.public.issue import page_of
from newsletter.web.showing import FOLDER
from newsletter.web.site import Site
from newsletter.workspace import write_atomically

MANIFEST: Final = "archive-files.txt"
INDEX: Final = "index.html"
_MEDIA: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Args:
        files: How many files the archive has.
        removed: How many of an earlier one went.
    """

    issues: int
    files: int
    removed: int


def write_archive(site: Site, folder: Path, url: str | None = None) -> Written:
    """Write the archive.

    Args:
        url: Where it will be found, with a slash at its end; None where the public site stands.

    Raises:
        WorkspaceError: A file cannot be written, or the folder is a file.
    """
    volumes = site.library.listed()
    before = _earlier(folder)
    names: list[str] = []
    for name, content in _contents(site, volumes, url):
        write_atomically(folder / name, content)
        names.append(name)
    write_atomically(folder / MANIFEST, "".join(f"{name}\n" for name in sorted(names)).encode())
    gone = before - {*names}
    for name in gone:
        _remove(folder, name)
    return Written(len(volumes), len(names), len(gone))


def _contents(site: Site, volumes: tuple[Volume, ...], url: str | None) -> Iterator[tuple[str, bytes]]:
    """Give the files in the order in which they are written."""
    site_url = site.there.settings.public_url
    seen: set[str] = set()
    pages: dict[str, str] = {}
    for one in volumes:
        links = Links(f"{site_url}join", _said(site, "Subscribe"), f"../../{INDEX}", _said(site, "All issues"))
        html = page_of(site, one, links, is_alone=True)
        for name in _published(html, site.base):
            content = site.there.media_target().get(name) if name not in seen else None
            seen.add(name)
            if content is not None:
                yield f"media/{name}", content
        pages[one.slug] = html.replace(f'"{site.base}media/', '"../../media/')
    yield "site.css", site.pages.style.encode()
    for slug, html in pages.items():
        yield f"issues/{slug}/{INDEX}", html.encode()
    for kind, write in (("rss", feeds.rss), ("atom", feeds.atom)):
        here = f"{url}feed.{kind}" if url else f"{site_url}archive/feed.{kind}"
        settings, language = site.there.settings, site.pages.usual
        yield f"feed.{kind}", write(settings, language, volumes, here, lambda slug: f"{url or site_url}issues/{slug}/")
    yield "search.js", _search(volumes)
    yield INDEX, _index(site, volumes).encode()


def _index(site: Site, volumes: tuple[Volume, ...]) -> str:
    found = [{"volume": one, "excerpt": None} for one in volumes]
    shared: Mapping[str, object] = {
        "base": site.there.settings.public_url,
        "home": INDEX,
        "style": "site.css",
        "personal": False,
        "found": found,
    }
    return site.pages.render("static.html.j2", site.pages.usual, **shared)


def _search(volumes: tuple[Volume, ...]) -> bytes:
    listed = [" ".join(sorted(words_of(f"{one.shown.subject} {one.shown.text}"))) for one in volumes]
    script = (FOLDER / "search.js").read_text(encoding="utf-8")
    return f"const INDEX = {json.dumps(listed, ensure_ascii=True)};\n{script}".encode()


def _published(html: str, base: str) -> Iterator[str]:
    for found in re.finditer(rf'"{re.escape(base)}media/([^"/?#]+)"', html):
        if _MEDIA.fullmatch(found[1]):
            yield found[1]


def _said(site: Site, message: str) -> str:
    return words(site.pages.usual).gettext(message)


def _earlier(folder: Path) -> set[str]:
    """Give the files that an earlier archive in this folder had."""
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError("this is a file, not a folder", where=Place(str(folder)), remedy="Name a folder with -o.")
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"the list of what an earlier archive had cannot be read: {error}",
            where=Place(str(folder / MANIFEST)),
            remedy="Take the file away; nothing of the earlier one is removed then.",
        ) from error
    return {line for line in lines if _is_inside(line)}


def _is_inside(name: str) -> bool:
    """Whether a name of the list stays in the folder: somebody may have written into it."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    try:
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()
    except OSError as error:
        raise WorkspaceError(
            f"cannot be removed: {error.strerror or error}",
            where=Place(str(path)),
            remedy="The new archive is written; check the rights of the folder.",
        ) from error
