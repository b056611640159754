"""Carries messages by the API of Amazon SES, version 2, as they are, each in a request of its own.

Source: Amazon's service model of SES v2; its developer guide, "Errors related to the sending quotas".
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
