from .provider import inspect, open
from .settings import Settings

__all__ = ["Settings", "inspect", "open"]
