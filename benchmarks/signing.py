"""How many messages of 60 kB are signed with DKIM in a second, beside another program and the bare signature."""

import base64
from collections.abc import Callable, Iterator

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.figures import Figure
from benchmarks.samples import timed
from newsletter.message.content import looked_through
from newsletter.message.dkim import DkimSigner, SigningKey

ROUNDS = 300
HEAD = (
    b"From: Nieuws <nieuws@example.org>\r\nTo: Sanne <sanne@example.com>\r\nSubject: Nieuwsbrief 12\r\n"
    b"Date: Tue, 20 Feb 2024 09:30:00 +0100\r\nMessage-ID: <k@example.org>\r\nList-Id: <leden.example.org>\r\n"
    b"List-Unsubscribe: <https://example.org/leave/abc>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
)
MESSAGE = HEAD + b"\r\n" + (b"Een regel van gewone lengte, zoals zij in een bericht staan." + b"\r\n") * 970
CONTENT = looked_through(MESSAGE)


def run() -> Iterator[Figure]:
    """Measure each kind of key, and both at once."""
    private = rsa.generate_private_key(65537, 2048)
    small = ed25519.Ed25519PrivateKey.generate()
    large_key, small_key = SigningKey("example.org", "a", private), SigningKey("example.org", "b", small)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    seed = base64.b64encode(small.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    bare = _per_second(lambda: private.sign(b"text", PKCS1v15(), SHA256()))
    for name, keys, other in (
        ("RSA-2048", [large_key], lambda: _theirs(pem, b"rsa-sha256")),
        ("Ed25519", [small_key], lambda: _theirs(seed, b"ed25519-sha256")),
    ):
        signer = DkimSigner(keys)
        ours = _per_second(lambda signer=signer: signer.sign(CONTENT, 1_708_417_800))
        theirs = _per_second(other, ROUNDS // 10)
        yield Figure(name, f"{ours:,.0f}/s", f"dkimpy, {theirs:,.0f}/s", ours / theirs)
        if keys == [large_key]:
            yield Figure(name, f"{ours:,.0f}/s", f"the RSA signature alone, {bare:,.0f}/s", ours / bare)
    both = DkimSigner([large_key, small_key])
    yield Figure("both at once", f"{_per_second(lambda: both.sign(CONTENT, 1_708_417_800)):,.0f}/s")


def _theirs(key: bytes, algorithm: bytes) -> bytes:
    signed: bytes = dkim.sign(
        MESSAGE, b"a", b"example.org", key, canonicalize=(b"relaxed", b"relaxed"), signature_algorithm=algorithm
    )
    return signed


def _per_second(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    def several() -> None:
        for _ in range(rounds):
            work()

    return rounds / timed(several, 3)
