"""What botobs says about itself and about the life of the service it runs in."""

from __future__ import annotations

from ._model import Metric, declared_in

SIGNAL = "signal"
LANE = "lane"
REASON = "reason"
LIBRARY = "library"

DROPPED = Metric(
    "botobs.sdk.dropped",
    "observable_counter",
    "{item}",
    "Spans, log records and metric exports that were given up, by priority lane and reason.",
    (SIGNAL, LANE, REASON),
)
EXPORTED = Metric(
    "botobs.sdk.exported",
    "observable_counter",
    "{item}",
    "Spans, log records and metric exports that the collector acknowledged.",
    (SIGNAL,),
)
METRIC_EXPORTS = Metric(
    "botobs.sdk.metric.exports",
    "observable_counter",
    "{export}",
    "Number of this metric export within the process, from 1. It is used again only when nobody has kept the export, "
    "so that one which was acknowledged and is not stored leaves a gap.",
)
EXPORT_FAILURES = Metric(
    "botobs.sdk.export.failures",
    "observable_counter",
    "{request}",
    "Requests to the collector that failed, by reason.",
    (SIGNAL, REASON),
)
QUEUE_BYTES = Metric(
    "botobs.sdk.queue.bytes",
    "observable_gauge",
    "By",
    "Estimated bytes of the spans and log records that wait in memory.",
)
SPOOL_BYTES = Metric(
    "botobs.sdk.spool.bytes", "observable_gauge", "By", "Bytes that wait in the spool on disk."
)
SPOOL_REFUSED = Metric(
    "botobs.sdk.spool.refused",
    "observable_gauge",
    "{process}",
    "1 where `spool_dir` is set and cannot be used, so that what waits is in memory alone; else 0.",
)
JOURNAL_REFUSED = Metric(
    "botobs.sdk.journal.refused",
    "observable_counter",
    "{order}",
    "Orders that would leave no trace if the process were killed before their answer: the journal is `full`, or there "
    "is `no_file` for it.",
    (REASON,),
)
SPANS_STARTED = Metric(
    "botobs.sdk.spans.started", "observable_counter", "{span}", "Recorded spans that were started."
)
INSTRUMENTATION_ERRORS = Metric(
    "botobs.sdk.instrumentation.errors",
    "observable_counter",
    "{error}",
    "Errors inside instrumentations, by library: those of their installation and removal, and those while they watch, "
    "which the library and the service do not see.",
    (LIBRARY,),
)
METRIC_OVERFLOWS = Metric(
    "botobs.sdk.metric.overflows",
    "observable_counter",
    "{measurement}",
    "Measurements that went to an overflow series because their metric has too many series.",
)
ATTRIBUTES_REFUSED = Metric(
    "botobs.sdk.metric.attributes.refused",
    "observable_counter",
    "{attribute}",
    "Attributes taken off measurements because they name one thing among endlessly many, such as an order's id.",
)
SETTINGS_INVALID = Metric(
    "botobs.sdk.settings.invalid",
    "observable_gauge",
    "{setting}",
    "Settings whose value cannot be used; a default stands in for each.",
)
HEARTBEAT = Metric(
    "botobs.service.heartbeat.timestamp",
    "observable_gauge",
    "s",
    "When the service was last alive, in seconds since the epoch; every metric export renews it.",
)
GOODBYE = Metric(
    "botobs.service.goodbye.timestamp",
    "observable_gauge",
    "s",
    "When the service said goodbye before a clean end, in seconds since the epoch; 0 while it lives. A heartbeat that "
    "ends without a goodbye is a death.",
)
GOODBYE_PROMISED = Metric(
    "botobs.service.goodbye.promised",
    "observable_gauge",
    "{promise}",
    "1 where an end on purpose is announced by a goodbye; 0 in a process that its parent, or SIGTERM, ends before, "
    "such as a worker of a pool. A heartbeat that ends without a promised goodbye is a death.",
)
DEATH = Metric(
    "botobs.service.death.timestamp",
    "observable_gauge",
    "s",
    "When the process was seen to end without a goodbye, in seconds since the epoch. A process says it of itself when "
    "an uncaught exception ends it. Of one that was killed, and sent orders or ran bots, the stack on its machine says "
    "it, or another such process there: in its name, once.",
)
CANARY = Metric(
    "botobs.doctor.canary.timestamp",
    "gauge",
    "s",
    "When `botobs doctor` last sent this to find it again, in seconds since the epoch.",
)

METRICS = declared_in(globals())
