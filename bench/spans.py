"""Spans: sampled, not sampled, disabled; on their own and below another."""

PLAN = {"span": 500, "child_span": 500, "own_span": 500}
CONTENDERS = (
    "stock",
    "stock unsampled",
    "stock disabled",
    "botobs",
    "botobs stock",
    "botobs unsampled",
    "botobs disabled",
    "logfire",
    "ddtrace",
)
