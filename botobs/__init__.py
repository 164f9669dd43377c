"""One line of monitoring for a Python service."""
