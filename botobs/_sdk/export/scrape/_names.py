"""Names as Prometheus makes them of OTLP with `UnderscoreEscapingWithSuffixes`, which the stack's Prometheus uses.

https://prometheus.io/docs/guides/opentelemetry/ and https://github.com/prometheus/otlptranslator; a test compares them
with what a real Prometheus makes.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z0-9:]+")
_NO_LABEL = re.compile(r"[^A-Za-z0-9_]")
_UNITS = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
_PER = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}


def metric_name(name: str, unit: str, *, monotonic: bool = False, gauge: bool = False) -> str:
    """The name of a metric; a histogram's without `_bucket` and the like.

    Args:
        name: As OpenTelemetry has it.
        unit: In UCUM; annotations in braces add nothing.
        monotonic: Whether it is a sum that only grows.
        gauge: Whether it is a gauge.
    """
    tokens = _TOKEN.findall(name)
    main, _, per = (part.strip() for part in unit.partition("/"))
    if (suffix := _suffix(_UNITS.get(main, main))) not in ("", *tokens):
        tokens.append(suffix)
    if (suffix := _suffix(_PER.get(per, per))) not in ("", *tokens):
        tokens += ["per", suffix]
    if unit == "1" and gauge:
        tokens = [token for token in tokens if token != "ratio"] + ["ratio"]
    if monotonic:
        tokens = [token for token in tokens if token != "total"] + ["total"]
    made = "_".join(tokens)
    return f"_{made}" if made[:1].isdigit() else made


def _suffix(unit: str) -> str:
    return "" if "{" in unit or "}" in unit else "_".join(_TOKEN.findall(unit))


def label_name(name: str) -> str:
    """The Prometheus label name of an attribute."""
    made = _NO_LABEL.sub("_", name)
    if made[:1].isdigit():
        return f"key_{made}"
    return f"key{made}" if made.startswith("_") and not made.startswith("__") else made
