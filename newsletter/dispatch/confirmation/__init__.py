"""Mails what addresses have to confirm, each row of `confirmations` once, and whatever else people ask for by mail."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
