"""`newsletter preview`: shows an issue while it is being written."""

from newsletter.cli.preview.command import command

__all__ = ["command"]
