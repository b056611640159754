"""Signs what leaves by SMTP, with the keys that the settings name."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from newsletter.clock import now
from newsletter.errors import Place, ProviderError
from newsletter.message import Content
from newsletter.message.dkim import DkimSigner, KeyProblem, PrivateKey, SigningKey, read_private_key

_DATE: Final = b"\r\nDate: "
THREADS: Final = 2
"""How many signatures by RSA are made at once, beside what carries the messages: they keep a processor busy."""


class Signing:
    """Puts signatures above messages, by all keys at once.

    Each tells the date of its message as the time that it was made, so that all attempts at a message are alike; only
    without such a date it tells the time.

    Args:
        keys: None where messages stay as they are.
    """

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._signer = DkimSigner(keys) if keys else None
        # RSA takes ten times as long as Ed25519, and lets other threads run meanwhile.
        is_slow = any(isinstance(key.private, RSAPrivateKey) for key in keys)
        self._threads = ThreadPoolExecutor(THREADS, "signing") if is_slow else None

    async def sign(self, message: Content) -> Content:
        """Give a message with its signatures."""
        signer = self._signer
        if signer is None:
            return message
        seconds = _seconds(_date_of(message.head)) or int(now().timestamp())
        if self._threads is None:
            return signer.sign(message, seconds)
        return await asyncio.get_running_loop().run_in_executor(self._threads, signer.sign, message, seconds)

    def close(self) -> None:
        """End its threads."""
        if self._threads:
            self._threads.shutdown(wait=False)


def _date_of(head: bytes) -> bytes:
    _, _, rest = head.partition(_DATE)
    return rest.partition(b"\r\n")[0]


@lru_cache(maxsize=8)
def _seconds(date: bytes) -> int | None:
    try:
        return int(parsedate_to_datetime(date.decode("ascii")).timestamp())
    except ValueError:
        return None


def read_keys(domain: str, files: Mapping[str, Path]) -> Sequence[SigningKey]:
    """Read the keys that sign.

    Args:
        files: By selector.

    Raises:
        ProviderError: One cannot be read, or nobody would accept its signatures.
    """
    return [SigningKey(domain, selector, _read(selector, file)) for selector, file in files.items()]


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
