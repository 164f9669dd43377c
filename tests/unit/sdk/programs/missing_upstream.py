"""Records with every signal while a name of upstream's is missing: its arguments are the module and the name."""

from __future__ import annotations

import importlib
import logging
import sys
import types

# Upstream's own modules have the name: they are imported before, and go on using it. botobs sees the module without.
for module in ("sdk.metrics", "sdk.trace", "instrumentation.utils", "_logs"):
    importlib.import_module(f"opentelemetry.{module}")
full = importlib.import_module(sys.argv[1])
less = types.ModuleType(full.__name__)
less.__dict__.update({name: value for name, value in vars(full).items() if name != sys.argv[2]})
sys.modules[full.__name__] = less
parent, _, own = full.__name__.rpartition(".")
setattr(sys.modules[parent], own, less)

import botobs  # noqa: E402

handle = botobs.init()

from opentelemetry import metrics, trace  # noqa: E402

with botobs.span("outer"), trace.get_tracer("api").start_as_current_span("inner"):
    logging.error("within")
meter = metrics.get_meter("api")
meter.create_counter("hits").add(2, {"side": "buy"})
meter.create_gauge("level").set(3)
print(handle.engine.name, [status.name for status in handle.instrumentations if status.state == "failed"])
