from .provider import inspect, open
from .settings import Settings
from .webhook import read_webhook

__all__ = ["Settings", "inspect", "open", "read_webhook"]
