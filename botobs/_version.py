"""The version of botobs, in one place."""

__version__ = "0.1.0"
