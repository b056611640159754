"""Dovecot, an IMAP server that others have written: on loopback, in a temporary folder, gone afterwards."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.real_smtp_server import Certificate, make_certificate

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
USER, PASSWORD = "bounces", "a password that nobody sees"
PATIENCE = 20.0
_DELIVERED = iter(range(1_000_000))


@dataclass
class ImapServer:
    """A running server with one mailbox, which is a Maildir."""

    port: int
    plain_port: int
    certificate: Certificate
    maildir: Path
    owner: tuple[int, int]

    def deliver(self, content: bytes) -> Path:
        """Put a message into the mailbox, as a mail system does."""
        path = self.maildir / "new" / f"{next(_DELIVERED):06}.test"
        path.write_bytes(content)
        os.chown(path, *self.owner)
        return path


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    """Run Dovecot."""
    assert PROGRAM
    folder = Path(tempfile.mkdtemp(prefix="newsletter-dovecot-"))
    folder.chmod(0o755)
    owner = (os.getuid() or 65_534, os.getgid() or 65_534)
    maildir = folder / "mail"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    for path in (maildir, *maildir.iterdir()):
        os.chown(path, *owner)
    certificate = make_certificate(folder / "certificate.pem")
    port, plain_port = _free_port(), _free_port()
    (folder / "dovecot.conf").write_text(_configuration(folder, owner, port, plain_port), encoding="ascii")
    process = subprocess.Popen(
        [PROGRAM, "-F", "-c", str(folder / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, folder / "log")
        yield ImapServer(port, plain_port, certificate, maildir, owner)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(folder: Path, owner: tuple[int, int], port: int, plain_port: int) -> str:
    me = getpass.getuser()
    own_users = "" if me == "root" else f"default_internal_user = {me}\ndefault_login_user = {me}\n"
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}:{owner[0]}:{owner[1]}::{folder}\n", encoding="ascii")
    return f"""\
{own_users}protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/certificate.pem
mail_location = maildir:{folder}/mail
first_valid_uid = 1
disable_plaintext_auth = yes
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_failure_delay = 0
"""


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(log.read_text(encoding="utf-8") if log.exists() else "Dovecot does not answer")


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
