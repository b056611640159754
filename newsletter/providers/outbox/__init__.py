"""Writes each message into a folder as an .eml file, with an index page to look at them; sends nothing.

What is written survives a kill of the process: a file is either whole or not there. The name of a file is the
delivery's key, so that a message written twice is still one file.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
