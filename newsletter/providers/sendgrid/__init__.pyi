from .provider import DKIM_SELECTORS, inspect, open
from .settings import Settings
from .webhook import read_webhook

__all__ = ["DKIM_SELECTORS", "Settings", "inspect", "open", "read_webhook"]
