from .faults import MEANINGS, Fault

__all__ = ["MEANINGS", "Fault"]
