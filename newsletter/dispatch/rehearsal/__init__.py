"""Rehearses a dispatch: the whole audience through the real pipeline into a sink of our own, which misbehaves.

Nothing of it touches the real ledger, and nobody is mailed. What it says in the end is checked against the journal
that the sink has kept.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
