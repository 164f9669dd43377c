"""Metrics that are scraped instead of pushed: an HTTP server, the text that it serves, and how Prometheus finds it."""

from ._served import Scrape

__all__ = ["Scrape"]
