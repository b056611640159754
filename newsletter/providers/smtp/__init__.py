"""Carries messages by SMTP, over several connections at once.

Source: RFC 5321, 6409 (submission), 8314 (TLS) and 6376 (DKIM).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
