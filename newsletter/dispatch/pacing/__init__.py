"""How fast messages may go: limits of providers and of mail systems, warm-up, and what servers say of our speed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
