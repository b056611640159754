"""Benchmarks: each tells its figures and the bar that it is to meet; none is a test that can fail by the clock."""
