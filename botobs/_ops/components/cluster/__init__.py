"""The profile `cluster`: the same pipeline as separate, replicated processes with an object store, on one machine."""
