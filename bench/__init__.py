"""Benchmarks against peers, in one interleaved run; `python -m bench` or `make bench`."""
