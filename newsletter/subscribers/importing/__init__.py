"""Imports: files of other programs, read, understood and brought into a list."""
