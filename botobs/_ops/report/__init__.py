"""Draws the dashboards into one page, without Grafana."""

from __future__ import annotations

from ..custom import files
from ..home import state
from .backends import connect
from .dashboards import load
from .gather import Report, gather
from .page import blocks, page
from .window import Window

__all__ = ["Report", "blocks", "make", "page"]


async def make(running: state.Running, seconds: float) -> Report:
    """A report about the last `seconds` of a running stack."""
    own = files(running.home.custom, "dashboards")
    async with connect(running) as backends:
        return await gather(backends, Window.last(seconds), load(own), running.environment)
