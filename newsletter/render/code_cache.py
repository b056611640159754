"""Remembers templates as Jinja has compiled them, so that a command need not compile twenty files for one issue.

What is kept is program code, so it lies in the folder for caches of the person who runs it, and is taken from there
only while nobody else could have written it; never in a workspace, which may come from others. Each piece is named by
all that it was made from, so none can be out of date: the whole folder may be deleted at any time.
"""

import hashlib
import marshal
import os
import pickle
import stat
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from newsletter import __version__
from newsletter.errors import WorkspaceError
from newsletter.render import binding, dates, late, translations
from newsletter.render.late import LateExpression
from newsletter.workspace import write_atomically

KEPT: Final = 512
"""The files that are kept; those that were made longest ago go first."""

_OURS: Final = (binding, dates, late, translations)
_SUFFIX: Final = ".template"


class CodeCache(BytecodeCache):
    """The templates in one folder, for one sandbox.

    Args:
        maker: Names all that the sandbox puts into the code beside a file's own text.
        bound_late: Where the sandbox keeps the expressions on the reader that its code refers to.
    """

    def __init__(self, folder: Path, maker: str, bound_late: MutableMapping[str, LateExpression]) -> None:
        self._folder = folder
        self._maker = maker
        self._bound_late = bound_late

    def get_bucket(self, environment: Any, name: str, filename: str | None, source: str) -> Bucket:
        """Give the code of a file, if there is any for exactly this text at this place."""
        digest = hashlib.sha256(_program())
        for part in (self._maker, name, filename or "", source):
            digest.update(hashlib.sha256(part.encode()).digest())
        bucket = Bucket(environment, digest.hexdigest(), environment.named(name))
        self.load_bytecode(bucket)
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what is kept; whatever is wrong with it, it counts as not there."""
        file = self._folder / f"{bucket.key}{_SUFFIX}"
        with suppress(Exception):  # a damaged file raises whatever comes
            content = BytesIO(file.read_bytes())
            found: dict[str, LateExpression] = _Unpickler(content, bucket.environment).load()
            code = marshal.load(content)  # noqa: S302 - nobody but ourselves can have written it; see `own_folder`
            self._bound_late.update(found)
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; a folder that cannot be written to costs time only."""
        prefix = binding.key_of(bucket.checksum, "")
        content = BytesIO()
        _Pickler(content).dump({key: one for key, one in self._bound_late.items() if key.startswith(prefix)})
        marshal.dump(bucket.code, content)
        with suppress(OSError, WorkspaceError):
            write_atomically(self._folder / f"{bucket.key}{_SUFFIX}", content.getvalue(), private=True)
            self._drop_old()

    def _drop_old(self) -> None:
        files = sorted((path.stat().st_mtime_ns, path) for path in self._folder.glob(f"*{_SUFFIX}"))
        for _, path in files[:-KEPT]:
            path.unlink(missing_ok=True)


def own_folder() -> Path | None:
    """Give the folder, if there is one that nobody but the person who runs this can write to."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "newsletter" / "templates"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):
        return None
    is_ours = found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return folder if is_ours and folder.is_absolute() else None


class _Pickler(pickle.Pickler):
    """Leaves the sandbox itself out."""

    def persistent_id(self, obj: Any) -> str | None:
        return "environment" if isinstance(obj, jinja2.Environment) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BytesIO, environment: jinja2.Environment) -> None:
        super().__init__(file)
        self._environment = environment

    def persistent_load(self, pid: Any) -> Any:  # noqa: ARG002 - there is only one such thing
        return self._environment


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Name what compiles: Python and Jinja by version, our own part by its source."""
    from newsletter.render import environment  # it uses this module

    sources = [Path(str(module.__file__)).read_bytes() for module in (*_OURS, environment)]
    ours = [hashlib.sha256(source).hexdigest() for source in sources]
    return " ".join([sys.version, version("jinja2"), __version__, *ours]).encode()
