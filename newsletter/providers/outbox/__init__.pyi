from .provider import STAYS_HERE, index_page, open
from .settings import Settings

__all__ = ["STAYS_HERE", "Settings", "index_page", "open"]
