"""The whole main job on this workspace: shows the issue, imports its example readers and sends it into an outbox.

Everything goes into var/demo, which is made anew each time; no server, account or network is needed.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent
FOLDER = ROOT / "var" / "demo"
SLUG = "2024-02-20-nieuwsbrief-12"
ENVIRONMENT = {
    "NEWSLETTER_DATABASE__URL": "sqlite:///var/demo/newsletter.db",
    "NEWSLETTER_PROVIDERS__OUTBOX__FOLDER": "var/demo/outbox",
    "NEWSLETTER_MEDIA__FOLDER": "var/demo/media",
    "NEWSLETTER_PROVIDER": "outbox",
    # The example is from 2024, and its links lead nowhere.
    "NEWSLETTER_PREFLIGHT__NETWORK": "false",
    "NEWSLETTER_PREFLIGHT__PROGRAMS": "false",
    "NEWSLETTER_PREFLIGHT__SEVERITY": '{"issue-date": "off"}',
}
COMMANDS = (
    f"issue show {SLUG}",
    "subscribers import subscribers/example.csv --list leden --columns ledenadministratie --basis opt-in --yes",
    f"send {SLUG} --list leden --yes --receipt var/demo/receipt.json",
)


def main() -> int:
    """Run the commands one after the other; the first that fails ends the demonstration."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for command in COMMANDS:
        print(f"\n$ newsletter {command}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "newsletter", *shlex.split(command)],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT},
            check=False,
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
