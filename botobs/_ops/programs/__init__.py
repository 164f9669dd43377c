"""Fetch or build the stack's programs, in the versions of `versions.toml`."""
