from .forecast import Forecast, forecast
from .limits import Limit, parse_limit, shown
from .overview import Holding, key_of, survey_limits, survey_named
from .pacer import Around, Pacer
from .rows import Buckets, read_buckets, set_override
from .rules import Rules, domain_key, provider_key, title

__all__ = [
    "Around",
    "Buckets",
    "Forecast",
    "Holding",
    "Limit",
    "Pacer",
    "Rules",
    "domain_key",
    "forecast",
    "key_of",
    "parse_limit",
    "provider_key",
    "read_buckets",
    "set_override",
    "shown",
    "survey_limits",
    "survey_named",
    "title",
]
