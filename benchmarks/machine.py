"""Describes the machine that is measured, and the other programs on it. It does not say its name."""

import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.databases import postgres
from benchmarks.nodemailer import installed_version
from benchmarks.receiving import program

ROOT: Final = Path(__file__).parents[1]
ABSENT: Final = "not here"


def describe() -> dict[str, str]:
    """Tell what there is."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.1f} GiB",
        "system": f"{_system()}, {platform.system()} {platform.release()}",
        "file system of temporary files": _file_system(Path(tempfile.gettempdir()).resolve()),
        "Python": f"{platform.python_version()}, {_packaged('uvloop')}",
        "SQLite": f"{sqlite3.sqlite_version}, WAL",
        "PostgreSQL": _postgresql(),
        "Postfix": _said(program("postconf"), "-d", "-h", "mail_version"),
        "Node": _said(shutil.which("node"), "--version"),
        "rivals": ", ".join(
            (_packaged("aiosmtplib"), _packaged("dkimpy"), f"nodemailer {installed_version() or ABSENT}")
        ),
    }


def commit() -> str:
    """Name what is measured, as git does."""
    name = _said(shutil.which("git"), "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    changed = _said(
        shutil.which("git"),
        "-C",
        str(ROOT),
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        ":!docs/benchmarks.md",
    )
    if name == ABSENT:
        return "unknown"
    return f"`{name}`{' with changes' if changed else ''}"


def _said(executable: str | None, *arguments: str) -> str:
    """Give what a program says, or that it is not here."""
    if executable is None:
        return ABSENT
    done = subprocess.run([executable, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ABSENT


def _postgresql() -> str:
    found = _said(str(postgres()) if postgres() else None, "--version")
    return found if found == ABSENT else f"{found.rpartition(') ')[2].split()[0]}, fsync on" if " (" in found else found


def _processor() -> str:
    described = dict(_pairs(Path("/proc/cpuinfo"), ":"))
    return described.get("model name") or platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _file_system(folder: Path) -> str:
    """Tell the kind of the file system that holds a folder."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown"
    places = [line.split()[1:3] for line in mounts.read_text(encoding="utf-8").splitlines()]
    return max((len(place), kind) for place, kind in places if folder.is_relative_to(place))[1]


def _pairs(file: Path, separator: str) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        name, _, value = line.partition(separator)
        yield name.strip(), value.strip()


def _packaged(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} {ABSENT}"
