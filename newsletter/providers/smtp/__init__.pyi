from .provider import inspect, open, signing_keys
from .settings import Settings

__all__ = ["Settings", "inspect", "open", "signing_keys"]
