"""A new workspace: copied from the one that came with the program, with its owner's own answers filled in."""

from newsletter.starter.begin import SHIPPED_TEMPLATES, begin, shipped_templates

__all__ = ["SHIPPED_TEMPLATES", "begin", "shipped_templates"]
