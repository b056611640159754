"""What an operator watches: the log, the metrics and the traces of processes that send."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
