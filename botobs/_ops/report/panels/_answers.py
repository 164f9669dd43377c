"""The results of a panel's queries, and why there may be none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...traces import Summary
from ..backends import Exemplar, Series
from ..dashboards import Panel, Query

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_METRIC = re.compile(r"(?<![a-zA-Z0-9_:])([a-zA-Z_:][a-zA-Z0-9_:]*+)\s*+[{\[]")


@dataclass(frozen=True)
class Answers:
    """The results of a panel's queries.

    Attributes:
        series: By the query's reference.
        traces: Of a search.
        edges: Series of the service graph, by the name of the metric.
        exemplars: Single measurements with their traces, the largest first.
        refusals: What went wrong, a sentence each.
    """

    series: Mapping[str, Sequence[Series]] = field(default_factory=dict)
    traces: Sequence[Summary] = ()
    edges: Mapping[str, Sequence[Series]] = field(default_factory=dict)
    exemplars: Sequence[Exemplar] = ()
    refusals: Sequence[str] = ()


def name_of(query: Query, series: Series) -> str:
    """The name of a series in a legend, by the query's pattern; without one, its labels."""
    if query.legend and query.legend != "__auto":
        name = _PLACEHOLDER.sub(lambda match: series.labels.get(match[1], ""), query.legend)
        return " ".join(name.split()) or "(none)"
    labels = ", ".join(f"{name}={value}" for name, value in sorted(series.labels.items()))
    return labels or series.name or query.reference


def why_empty(panel: Panel, answers: Answers, metrics: frozenset[str]) -> str:
    """A sentence for the place of a panel that has nothing to show."""
    if answers.refusals:
        return answers.refusals[0]
    if panel.source == "tempo":
        return "No trace of this kind in this time."
    asked = [name for query in panel.queries for name in _METRIC.findall(query.text)]
    missing = [name for name in dict.fromkeys(asked) if name not in metrics]
    if missing:
        names = ", ".join(missing[:3])
        return f"Nothing in this time: {names} did not occur. Some series are born by their first event."
    return "Nothing in this time: the metrics are there, but no series meets the condition of this panel."
