from .extras import needing
from .journal import LogFormat, keeping_journal, tell
from .ledger import LedgerMetrics, ledger_metrics_text
from .serving import place_of, serving_metrics
from .worker import WorkerMetrics

__all__ = [
    "LedgerMetrics",
    "LogFormat",
    "WorkerMetrics",
    "keeping_journal",
    "ledger_metrics_text",
    "needing",
    "place_of",
    "serving_metrics",
    "tell",
]
