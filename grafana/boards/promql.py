"""Writes PromQL from metrics: names come from definitions, and labels that a metric does not carry are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from botobs.semconv import Metric, exchange, trading

from .exporters import Exported
from .recorded import Recorded

Series = Metric | Exported | Recorded

#: The dashboards' variables, and the attribute that each filters by.
VARIABLES: Mapping[str, str] = {
    "environment": "deployment.environment.name",
    "service": "service.name",
    "exchange": exchange.NAME,
    "bot": trading.BOT_ID,
}
#: Every pushed series carries these.
_IDENTITY = (
    "deployment.environment.name",
    "service.name",
    "service.instance.id",
    "service.version",
    "host.name",
)
#: Gauges of a process that has died are seen for five minutes; a minute covers several exports, and no more.
_FRESH = "1m"


def label(attribute: str) -> str:
    """The Prometheus label of an attribute."""
    return attribute.replace(".", "_")


@dataclass(frozen=True)
class Queries:
    """Expressions that are filtered by a dashboard's variables, as far as a metric carries them.

    Attributes:
        variables: Names of the dashboard's variables, of those in `VARIABLES`.
    """

    variables: tuple[str, ...]

    def select(
        self, series: Series, where: Mapping[str, str] | None = None, suffix: str = "", all_of: str = ""
    ) -> str:
        """A selector.

        Args:
            series: What is selected.
            where: Value by attribute; a value may begin with `!=`, `=~` or `!~`.
            suffix: `_bucket` and the like.
            all_of: A variable that is not to filter, where only some processes set its attribute.

        Raises:
            ValueError: The metric does not carry an attribute.
        """
        carried = _carried(series)
        matchers = [
            f'{label(VARIABLES[name])}=~"${name}"'
            for name in self.variables
            if VARIABLES[name] in carried and name != all_of
        ]
        for attribute, value in (where or {}).items():
            _check(series, attribute)
            operator = value[:2] if value[:2] in ("!=", "=~", "!~") else "="
            matchers.append(f'{label(attribute)}{operator}"{value.removeprefix(operator)}"')
        return f"{series.prometheus_name}{suffix}{{{','.join(matchers)}}}"

    def rate(
        self,
        series: Series,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        all_of: str = "",
        window: str = "$__rate_interval",
    ) -> str:
        """Events per second; of a histogram its records per second."""
        selector = self.select(series, where, "_count" if _is_histogram(series) else "", all_of)
        return f"sum{_by(series, by)} (rate({selector}[{window}]))"

    def events(
        self, series: Series, by: Sequence[str] = (), where: Mapping[str, str] | None = None, all_of: str = ""
    ) -> str:
        """Events per interval of the graph, exactly: nothing is extrapolated, and the first event counts.

        A counter is born with its first event, and `increase` does not see it. Each process has series of its own, so
        that within one nothing is ever reset.
        """
        s = self.select(series, where, "_count" if _is_histogram(series) else "", all_of)
        born = f"{s} unless last_over_time({s}[1h] offset $__interval)"
        return f"sum{_by(series, by)} (({s} - {s} offset $__interval) or ({born}))"

    def total(
        self, series: Series, by: Sequence[str] = (), where: Mapping[str, str] | None = None, all_of: str = ""
    ) -> str:
        """Events within the time range, exactly."""
        s = self.select(series, where, "_count" if _is_histogram(series) else "", all_of)
        last = f"last_over_time({s}[$__range])"
        return f"sum{_by(series, by)} (({last} - {s} offset $__range) or {last})"

    def quantile(
        self,
        quantile: float,
        series: Series,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        window: str = "$__rate_interval",
    ) -> str:
        """A quantile of a histogram, right to the width of the bucket that it falls into."""
        selector = self.select(series, where, "_bucket")
        return f"histogram_quantile({quantile:g}, sum{_by(series, by, 'le')} (rate({selector}[{window}])))"

    def mean(
        self,
        series: Series,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        window: str = "$__rate_interval",
    ) -> str:
        """The mean of a histogram: unlike a quantile exact, and means of parts add up."""
        sums, counts = (self.select(series, where, suffix) for suffix in ("_sum", "_count"))
        grouping = _by(series, by)
        return f"sum{grouping} (rate({sums}[{window}])) / sum{grouping} (rate({counts}[{window}]))"

    def latest(
        self,
        series: Series,
        by: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        how: str = "max",
    ) -> str:
        """A gauge as it is now, without those of processes that have died."""
        return f"{how}{_by(series, by)} (last_over_time({self.select(series, where)}[{_FRESH}]))"


#: What is shown of what nobody reports. It is no zero.
NOT_REPORTED = "not reported"


def reported_or_seen(by_service: str, seen: str, how: str = "sum") -> str:
    """What services report by themselves, and of those that do not what their clients' instrumentation sees.

    Args:
        by_service: What services report themselves.
        seen: The same by the other metric.
        how: How services are put together.
    """
    return f"{how}(({by_service}) or on (service_name) ({seen}))"


def zero_where(reported: str, expression: str) -> str:
    """The expression, or 0 where it has no series while `reported` has some; nothing where that has none either."""
    return f"({expression}) or 0 * ({reported})"


def or_zero(expression: str) -> str:
    """The expression, or 0 where it has no series at all: for counts whose series are born by the first event."""
    return f"{expression} or vector(0)"


def limit(threshold: Recorded) -> str:
    """The line that an alert watches."""
    return f"max({threshold.prometheus_name})"


def _is_histogram(series: Series) -> bool:
    return series.kind == "histogram" if isinstance(series, Metric) else getattr(series, "histogram", False)


def _carried(series: Series) -> tuple[str, ...]:
    if isinstance(series, Metric):
        return (*series.attributes, *_IDENTITY)
    return (*series.carries, "deployment.environment.name")


def _check(series: Series, attribute: str) -> None:
    # What other programs put on their series is theirs to say.
    if isinstance(series, Metric) and attribute not in _carried(series):
        raise ValueError(f"{series.name} does not carry {attribute}")


def _by(series: Series, attributes: Sequence[str], *labels: str) -> str:
    for attribute in attributes:
        _check(series, attribute)
    names = [*labels, *map(label, attributes)]
    return f" by ({', '.join(names)})" if names else ""
