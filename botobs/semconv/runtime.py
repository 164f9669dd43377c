"""The process, its interpreter and its event loops.

Process and CPython names follow https://opentelemetry.io/docs/specs/semconv/system/process-metrics/ and
https://opentelemetry.io/docs/specs/semconv/runtime/cpython-metrics/. Pauses and lag have no convention yet.
"""

from __future__ import annotations

from ._model import Metric, declared_in

CPU_MODE = "cpu.mode"
GC_GENERATION = "cpython.gc.generation"
EVENT_LOOP_TYPE = "botobs.event_loop.type"
#: On spans, in seconds: for how long the event loop was blocked while the span was open.
EVENT_LOOP_LAG_ATTRIBUTE = "botobs.event_loop.lag"
#: On spans, in seconds: for how long the garbage collector stopped the process while the span was open.
GC_PAUSE_ATTRIBUTE = "botobs.gc.pause"

#: In seconds: lags and pauses are interesting from a millisecond on.
_DELAY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

CPU_TIME = Metric(
    "process.cpu.time",
    "observable_counter",
    "s",
    "CPU time of the process, by mode (user, system).",
    (CPU_MODE,),
)
MEMORY_USAGE = Metric(
    "process.memory.usage", "observable_updowncounter", "By", "Physical memory of the process (resident set)."
)
OPEN_FILE_DESCRIPTORS = Metric(
    "process.open_file_descriptor.count",
    "observable_updowncounter",
    "{file_descriptor}",
    "Open file descriptors of the process; not on Windows.",
)
THREADS = Metric("process.thread.count", "observable_updowncounter", "{thread}", "Threads of the process.")
GC_COLLECTIONS = Metric(
    "cpython.gc.collections",
    "observable_counter",
    "{collection}",
    "Garbage collections, by generation.",
    (GC_GENERATION,),
)
GC_COLLECTED_OBJECTS = Metric(
    "cpython.gc.collected_objects",
    "observable_counter",
    "{object}",
    "Objects that garbage collections freed, by generation.",
    (GC_GENERATION,),
)
GC_UNCOLLECTABLE_OBJECTS = Metric(
    "cpython.gc.uncollectable_objects",
    "observable_counter",
    "{object}",
    "Objects that garbage collections could not free, by generation.",
    (GC_GENERATION,),
)
GC_PAUSE_DURATION = Metric(
    "botobs.runtime.gc.pause.duration",
    "histogram",
    "s",
    "Pauses of a millisecond or more for which a garbage collection stopped the process.",
    (GC_GENERATION,),
    _DELAY_BUCKETS,
)
EVENT_LOOP_LAG = Metric(
    "botobs.runtime.event_loop.lag",
    "histogram",
    "s",
    "How late event loops ran a callback that was due; sampled 20 times a second.",
    (EVENT_LOOP_TYPE,),
    _DELAY_BUCKETS,
)
EVENT_LOOP_TASKS = Metric(
    "botobs.runtime.event_loop.tasks",
    "observable_updowncounter",
    "{task}",
    "Unfinished tasks of the event loops that run.",
    (EVENT_LOOP_TYPE,),
)

METRICS = declared_in(globals())
