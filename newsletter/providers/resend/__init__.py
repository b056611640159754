"""Carries messages by Resend's API, many in one request, which it carries out only once however often it is sent.

Source: Resend's OpenAPI description of POST /emails/batch; its pages "Idempotency Keys", "Errors" and "Usage Limits".
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
