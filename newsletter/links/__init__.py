"""The links of an issue: where each is written, how it is shown, and what answers behind it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
