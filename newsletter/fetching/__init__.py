"""Fetches from web addresses that others wrote down, without letting them reach into our own network."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
