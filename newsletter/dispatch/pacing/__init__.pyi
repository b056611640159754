from .forecast import Forecast, forecast
from .limits import Limit, parse_limit, shown
from .pacer import Around, Pacer
from .rows import Buckets, database_time, read_buckets, set_override
from .rules import Rules, domain_key, provider_key, title

__all__ = [
    "Around",
    "Buckets",
    "Forecast",
    "Limit",
    "Pacer",
    "Rules",
    "database_time",
    "domain_key",
    "forecast",
    "parse_limit",
    "provider_key",
    "read_buckets",
    "set_override",
    "shown",
    "title",
]
