"""`newsletter check`: looks an issue through before it is sent."""

from newsletter.cli.check.command import command

__all__ = ["command"]
