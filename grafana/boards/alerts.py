"""Selectors for alerts. The one that always fires, to prove that alerts arrive, has the severity `none`."""

from __future__ import annotations

from .exporters import ALERTS, ALERTS_SINCE

#: Alerts about the pipeline itself may lack an environment, and belong to each.
_ENVIRONMENT = 'deployment_environment_name=~"|$environment"'


def firing(severity: str = "") -> str:
    """The alerts that fire, of one severity or all that mean something."""
    which = f'severity="{severity}"' if severity else 'severity!="none"'
    return f'{ALERTS.prometheus_name}{{{_ENVIRONMENT},alertstate="firing",{which}}}'


def since() -> str:
    """When each firing alert's condition came true, in milliseconds since the epoch."""
    began = f'{ALERTS_SINCE.prometheus_name}{{{_ENVIRONMENT},severity!="none"}}'
    by = "max by (alertname, severity, area, service_name, exchange_name, botobs_bot_id)"
    return f"1000 * {by} ({began} and ignoring (alertstate) {firing()})"
