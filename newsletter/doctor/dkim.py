"""The keys that your mail is signed with stand in the DNS (DKIM).

Each key has a name, its selector, which the signer chooses and the DNS cannot list. It is known where your
provider always uses the same, where you give it with `--selector`, or where a message that came back (`--message`)
holds it. An RSA key has 1024 bits at least, better 2048. Where this program signs itself, by SMTP with the keys in
`providers.smtp.dkim`, the DNS must have the very halves that belong to them.

Source: RFC 6376 §3.6, RFC 8301 §3.2, RFC 8463 §5.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from newsletter import plugins
from newsletter.authentication import KeyFault, PublicKey, Resolver, TagFault, key_name, read_key, read_signature
from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning
from newsletter.settings import provider_settings

NEEDS_NETWORK: Final = True

_SHORTEST: Final = 1024
_GOOD: Final = 2048


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look up every key whose name is known."""
    own = _signing_keys(surroundings)
    places = list(dict.fromkeys((*own, *_places(surroundings))))
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
            found.extend(_compare(key, own.get((selector, domain))))
    if keys and all(key.kind == "ed25519" for key in keys):
        found.append(
            warning(
                "there is no RSA key, and many mail systems know no other", "Sign with an RSA key of 2048 bits too."
            )
        )
    return found


def _signing_keys(surroundings: Surroundings) -> Mapping[tuple[str, str], str]:
    """Give the record of every key that we sign with ourselves, by selector and domain."""
    name = surroundings.settings.provider
    module: Any = plugins.load("providers", name)
    if not hasattr(module, "signing_keys"):
        return {}
    settings = provider_settings(surroundings.settings, surroundings.workspace, name)
    return {(key.selector, key.domain): key.record() for key in module.signing_keys(settings)}


def _compare(key: PublicKey, record: str | None) -> Sequence[Observation]:
    """Hold a key of the DNS against the one that we sign with."""
    if record is None or (key.kind, key.octets) == ((ours := read_key(record)).kind, ours.octets):
        return []
    return [
        problem(
            "the key in the DNS is not the other half of the one that messages are signed with",
            "Publish what 'newsletter dkim show' prints.",
        )
    ]


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
                "Publish the record that your provider or 'newsletter dkim show' gives you, or correct the selector.",
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
