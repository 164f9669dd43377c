"""What happened, marked in every graph: deployments, alerts, drills."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from botobs.semconv import drills as drill
from botobs.semconv import sdk

from .alerts import firing
from .panels import PROMETHEUS


class _Marks(models.AnnotationQuery):
    """An annotation from Prometheus. Grafana reads these fields; the SDK's schema of this version lacks them."""

    title_format = ""
    text_format = ""

    def to_json(self) -> dict[str, object]:
        return {
            **super().to_json(),
            "titleFormat": self.title_format,
            "textFormat": self.text_format,
            "step": "15s",
            "useValueForTime": False,
        }


class _Marking(dashboard.AnnotationQuery):
    def __init__(self, title: str, text: str) -> None:
        marks = _Marks()
        marks.title_format, marks.text_format = title, text
        self._internal = marks


def deployments() -> dashboard.AnnotationQuery:
    """The minute in which a service reports a version that it did not report before."""
    version = (
        f'{sdk.HEARTBEAT.prometheus_name}{{deployment_environment_name=~"$environment",service_version!=""}}'
    )
    by = "group by (deployment_environment_name, service_name, service_version)"
    return (
        _Marking("Deployment", "{{service_name}} {{service_version}}")
        .name("Deployments")
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("blue")
        .expr(f"{by} ({version}) unless {by} (last_over_time({version}[5m] offset 1m))")
    )


def alerts() -> dashboard.AnnotationQuery:
    """The time for which an alert fires."""
    return (
        _Marking("{{alertname}}", "{{severity}} {{service_name}} {{exchange_name}} {{botobs_bot_id}}")
        .name("Alerts")
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("red")
        .expr(firing())
    )


def drills() -> dashboard.AnnotationQuery:
    """The time for which `botobs drill` had something broken."""
    running = f'{drill.RUNNING.prometheus_name}{{deployment_environment_name=~"$environment"}}'
    return (
        _Marking("Drill", "{{botobs_drill_name}}")
        .name("Drills")
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("purple")
        .expr(f"max by (deployment_environment_name, botobs_drill_name) ({running}) > 0")
    )
