"""A report about a running stack."""

from __future__ import annotations

from contextlib import suppress

from ..custom import files
from ..home import state
from .backends import Refused, connect
from .dashboards import load
from .gather import Report, gather
from .window import Window


async def make(running: state.Running, seconds: float) -> Report:
    """A report about the last `seconds` of a running stack, or since its data begins."""
    own = files(running.home.custom, "dashboards")
    async with connect(running) as backends:
        window = Window.last(seconds)
        with suppress(Refused):
            window = window.since(await backends.first_sample())
        return await gather(backends, window, load(own), running.environment)
