"""Carries messages by Brevo's API, each in a request of its own, which it carries out only once.

Source: Brevo's reference of POST /v3/smtp/email; its pages "Idempotency for batch emails", "Rate limit headers" and
"Using sandbox mode".
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
