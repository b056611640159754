"""Checks between an issue and a dispatch; every module in this folder but `base` is one of them."""
