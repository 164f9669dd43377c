"""Reports before there is any meter provider, and then to two, one after the other."""

from __future__ import annotations

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData

from botobs import trading


def _collected(reader: InMemoryMetricReader) -> MetricsData:
    data = reader.get_metrics_data()
    assert data is not None
    return data


early = trading.bot("early")
feed = trading.feed("kraken", channel="trades")
early.state("running")
feed.received()
trading.order("c1", exchange="kraken").filled(1, complete=True)

for _ in range(2):
    reader = InMemoryMetricReader()
    metrics._internal._METER_PROVIDER = MeterProvider([reader])
    feed.received()
    _collected(reader)
    early.state("paused")
    early.state("running")
    found = {
        metric.name: [point.value for point in metric.data.data_points if hasattr(point, "value")]
        for metric in _collected(reader).resource_metrics[0].scope_metrics[0].metrics
    }
    print(found["botobs.bot.transitions"], found["botobs.bot.state"], found["botobs.feed.messages"])
