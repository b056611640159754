"""The keys that your mail is signed with stand in the DNS (DKIM).

Each key has a name, its selector, which the signer chooses and the DNS cannot list. It is known where your
provider always uses the same, where you give it with `--selector`, or where a message that came back (`--message`)
holds it. An RSA key has 1024 bits at least, better 2048. This program signs nothing itself: your provider or mail
server does.

Source: RFC 6376 §3.6, RFC 8301 §3.2, RFC 8463 §5.
"""

from collections.abc import Sequence
from typing import Any, Final

from newsletter import plugins
from newsletter.authentication import KeyFault, PublicKey, Resolver, TagFault, key_name, read_key, read_signature
from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning

NEEDS_NETWORK: Final = True

_SHORTEST: Final = 1024
_GOOD: Final = 2048


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look up every key whose name is known."""
    places = _places(surroundings)
    if not places:
        return [
            unknown(
                f"the names of the DKIM keys of {surroundings.domain} are not known",
                "Ask your provider for the selector and give it with --selector, or give a message that you received "
                "with --message.",
            )
        ]
    found: list[Observation] = []
    keys: list[PublicKey] = []
    for selector, domain in places:
        observations, key = await _examine_key(surroundings.resolver, selector, domain)
        found.extend(observations)
        if key is not None:
            keys.append(key)
    if keys and all(key.kind == "ed25519" for key in keys):
        found.append(
            warning(
                "there is no RSA key, and many mail systems know no other", "Sign with an RSA key of 2048 bits too."
            )
        )
    return found


def _places(surroundings: Surroundings) -> Sequence[tuple[str, str]]:
    """Give selector and domain of every key whose name is known."""
    module: Any = plugins.load("providers", surroundings.settings.provider)
    selectors = surroundings.selectors or getattr(module, "DKIM_SELECTORS", ())
    places = [(selector, surroundings.domain) for selector in selectors]
    if surroundings.received is not None:
        for text in surroundings.received.signatures:
            try:
                signature = read_signature(text)
            except TagFault:  # the check of the signature says so
                continue
            places.append((signature.selector, signature.domain))
    return list(dict.fromkeys(places))


async def _examine_key(
    resolver: Resolver, selector: str, domain: str
) -> tuple[Sequence[Observation], PublicKey | None]:
    name = key_name(selector, domain)
    records = await resolver.txt(name)
    if not records:
        return [
            problem(
                f"there is no DKIM key at {name}",
                "Publish the record that your provider gives you, or correct the selector.",
            )
        ], None
    try:
        key = read_key(records[0])
    except KeyFault as error:
        return [problem(f"the DKIM key at {name} cannot be used: {error}", "Publish the whole key anew.")], None
    found = list(_judge(name, key))
    if len(records) > 1:
        found.append(
            warning(
                f"{name} has {len(records)} records, of which any may be taken for the key", "Leave only one there."
            )
        )
    return found, key


def _judge(name: str, key: PublicKey) -> Sequence[Observation]:
    if key.kind == "rsa" and key.bits < _SHORTEST:
        return [
            problem(f"the DKIM key at {name} has only {key.bits} bits, which nobody accepts", "Use a key of 2048 bits.")
        ]
    if key.hashes and "sha256" not in key.hashes:
        return [problem(f"the DKIM key at {name} forbids SHA-256", "Take h= out of its record.")]
    if key.is_test:
        return [warning(f"the DKIM key at {name} is marked as a test", "Take t=y out of its record once all is well.")]
    if key.kind == "rsa" and key.bits < _GOOD:
        return [warning(f"the DKIM key at {name} has {key.bits} bits", "Change to a key of 2048 bits.")]
    kind = f"RSA, {key.bits} bits" if key.kind == "rsa" else "Ed25519"
    return [fine(f"there is a DKIM key at {name} ({kind})")]
