from .faults import MEANINGS, Fault
from .forecast import Forecast
from .proof import REMEDY, Claim
from .rehearsing import Outcome, Watch, Wish, rehearse
from .stage import Casting

__all__ = [
    "MEANINGS",
    "REMEDY",
    "Casting",
    "Claim",
    "Fault",
    "Forecast",
    "Outcome",
    "Watch",
    "Wish",
    "rehearse",
]
