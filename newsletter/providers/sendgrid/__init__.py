"""Carries messages by SendGrid's API, many in one request.

Source: SendGrid's reference of POST /v3/mail/send.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
