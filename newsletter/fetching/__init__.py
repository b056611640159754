"""Fetches from web addresses that others wrote down, without letting them reach into our own network."""

from newsletter.errors import FetchError, FetchFault
from newsletter.fetching.fetcher import Fetcher, Limits
from newsletter.fetching.guard import Resolve, is_public
from newsletter.fetching.taking import Fetched, Redirect

__all__ = ["FetchError", "FetchFault", "Fetched", "Fetcher", "Limits", "Redirect", "Resolve", "is_public"]
