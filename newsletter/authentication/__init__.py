"""What domains say in the DNS about who may send mail in their name: SPF, DKIM and DMARC."""

from newsletter.authentication.dkim import KeyFault, PublicKey, Signature, key_name, read_key, read_signature
from newsletter.authentication.dmarc import Policy, are_aligned, find_organisation, find_policy
from newsletter.authentication.resolving import DnsResolver, LookupFailed, Resolver
from newsletter.authentication.spf import SpfFault, SpfResult, Verdict, evaluate, find_record
from newsletter.authentication.tags import TagFault, read_tags
from newsletter.authentication.verifying import SignatureFault, verify

__all__ = [
    "DnsResolver",
    "KeyFault",
    "LookupFailed",
    "Policy",
    "PublicKey",
    "Resolver",
    "Signature",
    "SignatureFault",
    "SpfFault",
    "SpfResult",
    "TagFault",
    "Verdict",
    "are_aligned",
    "evaluate",
    "find_organisation",
    "find_policy",
    "find_record",
    "key_name",
    "read_key",
    "read_signature",
    "read_tags",
    "verify",
]
