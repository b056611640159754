"""Checks, one a file, whether everything around the newsletter is ready to send."""
