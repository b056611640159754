"""Signs what leaves by SMTP, with the keys that the settings name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from newsletter.clock import now
from newsletter.errors import Place, ProviderError
from newsletter.message.dkim import DkimSigner, KeyProblem, PrivateKey, SigningKey, read_private_key

Sign: TypeAlias = Callable[[bytes], bytes]
"""Puts signatures above a message."""


def unsigned(message: bytes) -> bytes:
    """Leave a message as it is."""
    return message


def read_keys(domain: str, files: Mapping[str, Path]) -> Sequence[SigningKey]:
    """Read the keys that sign.

    Args:
        files: By selector.

    Raises:
        ProviderError: One cannot be read, or nobody would accept its signatures.
    """
    return [SigningKey(domain, selector, _read(selector, file)) for selector, file in files.items()]


def signing(keys: Sequence[SigningKey]) -> Sign:
    """Give what signs by all keys at once, each message with the time that it is signed at."""
    if not keys:
        return unsigned
    signer = DkimSigner(keys)
    return lambda message: signer.sign(message, int(now().timestamp()))


def _read(selector: str, file: Path) -> PrivateKey:
    place = Place(str(file), field=f"providers.smtp.dkim.{selector}")
    try:
        return read_private_key(file.read_bytes())
    except OSError as error:
        raise ProviderError(
            f"the key cannot be read: {error.strerror}", where=place, remedy="Give yourself the right to read it."
        ) from error
    except KeyProblem as error:
        raise ProviderError(
            f"the key cannot be signed with: {error}", where=place, remedy="Make one with 'newsletter dkim new'."
        ) from error
