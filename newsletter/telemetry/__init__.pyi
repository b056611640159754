from .extras import needing
from .journal import LogFormat, keeping_journal, tell
from .ledger import LedgerMetrics, ledger_metrics_text
from .serving import place_of, serving_metrics
from .signals import Signals, signals, traced
from .worker import WorkerMetrics

__all__ = [
    "LedgerMetrics",
    "LogFormat",
    "Signals",
    "WorkerMetrics",
    "keeping_journal",
    "ledger_metrics_text",
    "needing",
    "place_of",
    "serving_metrics",
    "signals",
    "tell",
    "traced",
]
