"""Nodemailer, a rival: installed into a folder of the user's cache where npm is there."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

NAME: Final = "nodemailer"
PATIENCE: Final = 120
SCRIPT: Final = """
const [folder, port, count, size] = process.argv.slice(1)
const mailer = require(folder + "/node_modules/nodemailer").createTransport(
  {host: "127.0.0.1", port: +port, pool: true, maxConnections: 10, maxMessages: Infinity, ignoreTLS: true})
const html = "Een regel van gewone lengte, zoals zij in een bericht staan, van zeventig.\\r\\n".repeat(size / 76)
const start = process.hrtime.bigint()
Promise.all(Array.from({length: +count}, (_, n) => mailer.sendMail(
  {from: "bounces@example.org", to: `lid${n}@example.com`, subject: "Nieuwsbrief 12", html}))).then(() => {
  console.log(Number(process.hrtime.bigint() - start) / 1e9); process.exit(0) })
"""


@cache
def ready() -> str:
    """Install it, unless it is there already, and tell what hinders it; nothing where it can be measured."""
    if not shutil.which("node"):
        return "there is no Node here"
    if installed_version():
        return ""
    if not shutil.which("npm"):
        return "there is no npm here"
    arguments = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(_folder()), NAME]
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        done = subprocess.run(arguments, capture_output=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return "npm could not install nodemailer"
    return "" if done.returncode == 0 and installed_version() else "npm could not install nodemailer"


def installed_version() -> str:
    """Tell which one is installed, if any is."""
    try:
        described = (_folder() / "node_modules" / NAME / "package.json").read_text(encoding="utf-8")
    except OSError:
        return ""
    return str(json.loads(described)["version"])


def send(port: int, count: int, size: int) -> float:
    """Send so many messages over pooled connections, and give how many a second that was."""
    done = subprocess.run(
        ["node", "-e", SCRIPT, str(_folder()), str(port), str(count), str(size)],
        check=True,
        capture_output=True,
        text=True,
    )
    return count / float(done.stdout)


def _folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "newsletter-benchmarks" / "npm"
