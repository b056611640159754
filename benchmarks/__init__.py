"""Benchmarks: each prints its figures and the ratio it claims; none is a test that can fail by the clock."""
