"""The interpreter: memory, garbage collector, threads and event loops."""
