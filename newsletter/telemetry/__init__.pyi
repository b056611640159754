from .journal import LogFormat, keeping_journal, tell

__all__ = ["LogFormat", "keeping_journal", "tell"]
