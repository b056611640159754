from .fetcher import Fetcher, Limits
from .guard import Resolve
from .model import Fetched, Redirect
from .public import is_public

__all__ = ["Fetched", "Fetcher", "Limits", "Redirect", "Resolve", "is_public"]
