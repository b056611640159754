"""Data files that the package carries; NOTICE says whose they are."""
