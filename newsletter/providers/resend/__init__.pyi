from .provider import DKIM_SELECTORS, inspect, open
from .settings import Settings

__all__ = ["DKIM_SELECTORS", "Settings", "inspect", "open"]
