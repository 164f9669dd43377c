"""Values as people read them. Units have Grafana's names, as in the dashboards."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

from ..._sdk.units import age

_SECONDS = ((86400, " d"), (3600, " h"), (60, " min"), (1, " s"), (1e-3, " ms"), (1e-6, " µs"))
_BINARY = ((2**40, " TiB"), (2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"), (1, " B"))
_DECIMAL = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))
#: Stands where there is no number.
NOTHING = "\N{EN DASH}"
#: What stands behind a number that is counted in thousands.
_BEHIND = {
    "ops": "/s",
    "reqps": " req/s",
    "rps": " reads/s",
    "wps": " writes/s",
    "cps": "/s",
    "Bps": "B/s",
    "percent": " %",
}
_RATES = frozenset({"ops", "reqps", "rps", "wps", "cps"})
#: Rates below this, in 1/s, are shown by the minute or by the hour.
_SLOW = 0.1
_LONGER = ((60, "min"), (3600, "h"))


@dataclass(frozen=True)
class Scale:
    """How the numbers of one chart are written: divided, with a suffix."""

    divisor: float
    suffix: str


def scale(unit: str | None, largest: float) -> Scale:
    """The scale that suits numbers up to `largest`."""
    if unit in {"percentunit", "percent"}:
        return Scale(0.01 if unit == "percentunit" else 1, " %")
    steps: tuple[tuple[float, str], ...] = _DECIMAL
    behind = _BEHIND.get(unit or "", "")
    if unit == "s":
        steps = _SECONDS
    elif unit == "ms":
        steps = tuple((seconds * 1000, suffix) for seconds, suffix in _SECONDS)
    elif unit in {"bytes", "decbytes"}:
        steps = _BINARY
    largest = abs(largest)
    if largest == 0 or not math.isfinite(largest):
        divisor, suffix = next(step for step in steps if step[0] == steps[-1][0] or step[1] == " s")
    else:
        divisor, suffix = next((step for step in steps if largest >= step[0]), steps[-1])
    if behind == "B/s":
        suffix = f" {suffix}"
    return Scale(divisor, f"{suffix}{behind}")


def text(unit: str | None, value: float | None, now: float | None = None) -> str:
    """Format one value in its unit.

    Args:
        unit: Grafana's name.
        value: The value; None and not-a-number are a dash.
        now: Seconds since the epoch, for units that are relative to it.
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if unit == "bool_yes_no":
        return "yes" if value else "no"
    if unit in {"dateTimeFromNow", "dateTimeAsIso", "dateTimeAsLocal"}:
        return moment(value / 1000) if now is None else f"{age(now - value / 1000)} ago"
    if unit in _RATES and 0 < abs(value) < _SLOW:
        # Thousandths of a request are hard to read.
        times, per = next(pair for pair in _LONGER if abs(value) * pair[0] >= _SLOW or pair == _LONGER[-1])
        return f"{digits(value * times)}{_BEHIND[unit].removesuffix('s')}{per}"
    chosen = scale(unit, value)
    return f"{digits(value / chosen.divisor)}{chosen.suffix}"


def digits(value: float) -> str:
    """A number with about three digits that say something."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    if value and abs(value) < 0.01:
        return f"{value:.1e}" if abs(value) < 0.0001 else f"{value:.2g}"
    written = f"{value:.{places}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def duration(seconds: float) -> str:
    """Format a duration in seconds."""
    return text("s", seconds)


def moment(seconds: float) -> str:
    """Format a time, in seconds since the epoch, as date and time of day in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def clock(seconds: float) -> str:
    """Format a time, in seconds since the epoch, as time of day in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%H:%M:%S")
