"""Channels of pika that upstream's instrumentor watches.

A blocking channel sends by another channel, and upstream watches both: each message would be two spans.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry


class PikaChannels:
    """Has the channel below a blocking one left alone, so that a message is one span."""

    name = "pika_channels"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002
        """Patch the instrumentor once it is imported."""
        self._patches.on_import("opentelemetry.instrumentation.pika", self._patch)

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType) -> None:
        instrumentor = module.PikaInstrumentor
        watch = instrumentor.instrument_channel

        @never_raise(self.name)
        def leave_alone(below: Any) -> None:
            if hasattr(below, "_is_instrumented_by_opentelemetry"):
                instrumentor._uninstrument_channel_functions(below)

        def instrument_channel(channel: Any, /, *args: Any, **kwargs: Any) -> None:
            leave_alone(getattr(channel, "_impl", None))
            watch(channel, *args, **kwargs)

        self._patches.replace(instrumentor, "instrument_channel", staticmethod(instrument_channel))
