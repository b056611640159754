"""Makes keys that sign messages."""

from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from newsletter.errors import Place, SettingsError, WorkspaceError
from newsletter.message import is_selector
from newsletter.message.dkim import SHORTEST_KEY, PrivateKey, SigningKey
from newsletter.workspace import write_atomically

_EXPONENT: Final = 65537


def make_key_file(
    path: Path, domain: str, selector: str, kind: Literal["rsa", "ed25519"], *, name: str = ""
) -> SigningKey:
    """Make a key and write its file, which only its owner can read.

    Args:
        domain: Whose key it is, in ASCII.
        name: The file as a person would name it.

    Raises:
        SettingsError: That cannot be the name of a key.
        WorkspaceError: There is a file already, or it cannot be written.
    """
    if not is_selector(selector):
        raise SettingsError(
            f"{selector!r} cannot be the name of a key",
            where=Place(field="SELECTOR"),
            remedy="Take small letters, digits and hyphens, such as news2026.",
        )
    if path.exists():
        raise WorkspaceError(
            "there is a key of this name already",
            where=Place(name or str(path)),
            remedy="Take another name: the DNS needs the old one for as long as its messages are under way.",
        )
    private: PrivateKey = (
        Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(_EXPONENT, SHORTEST_KEY)
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(path, pem, private=True)
    return SigningKey(domain, selector, private)
