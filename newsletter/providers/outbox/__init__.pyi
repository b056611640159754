from .provider import index_page, open
from .settings import Settings

__all__ = ["Settings", "index_page", "open"]
