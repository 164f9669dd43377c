"""Real backends for tests and benchmarks: a running stack, load for it, and a receiver in its place."""
