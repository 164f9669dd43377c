"""Runs programs with and without botobs, and compares all that can be seen of them."""
