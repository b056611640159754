"""Carries messages by Postmark's API, many in one request, and reads what it says of each.

Source: Postmark's reference of POST /email/batch; its page "Overview" of error codes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
