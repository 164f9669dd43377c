"""What Prometheus' series say beside its alerts: failed calls, limits, and hosts without memory."""

from __future__ import annotations

from collections import defaultdict

from ..prometheus import PrometheusClient
from .answer import Errors, Limited
from .calls import grown, selector

#: Part of a host's memory in use from which on processes wait for it, and are killed.
_NO_MEMORY = 0.95


def read_errors(
    metrics: PrometheusClient, environment: str, end: float, seconds: float
) -> tuple[Errors, ...]:
    """Failed calls to exchanges in the `seconds` before `end`, most first.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    names = (
        *("exchange_name", "exchange_operation", "exchange_error_category", "error_type"),
        *("service_name", "service_version"),
    )
    counter = f"exchange_client_errors_total{selector(environment)}"
    found = []
    for each in metrics.samples(grown(counter, ", ".join(names), seconds), end):
        if each.value > 0:
            exchange, operation, category, kind, *caller = (each.labels.get(name, "") for name in names)
            found.append(Errors(exchange, operation, category, kind, each.value, *caller))
    return tuple(sorted(found, key=lambda each: -each.count))


def read_limited(
    metrics: PrometheusClient, environment: str, end: float, seconds: float
) -> tuple[Limited, ...]:
    """What each service sent, and what was refused for its rate, in the `seconds` before `end`.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    by = "exchange_name, service_name, exchange_error_category"
    counts: defaultdict[tuple[str, str], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for counter, name in (
        ("exchange_ratelimit_spent_total", "sent"),
        ("exchange_ratelimit_rejections_total", ""),
    ):
        for each in metrics.samples(grown(f"{counter}{selector(environment)}", by, seconds), end):
            who = (each.labels.get("exchange_name", ""), each.labels.get("service_name", ""))
            what = name or ("banned" if each.labels.get("exchange_error_category") == "ban" else "refused")
            counts[who][what] += each.value
    return tuple(
        Limited(*who, sent=of["sent"], refused=of["refused"], banned=of["banned"])
        for who, of in counts.items()
    )


def read_exchanges(metrics: PrometheusClient, environment: str, end: float) -> tuple[str, ...]:
    """The exchanges that were called in the hour before `end`.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    found = metrics.samples(f"last_over_time(exchange:calls:rate{selector(environment)}[1h])", end)
    return tuple(sorted({each.labels["exchange_name"] for each in found if each.labels.get("exchange_name")}))


def read_memory(
    metrics: PrometheusClient, service: str, environment: str, end: float, seconds: float
) -> tuple[tuple[str, float], ...]:
    """The hosts of a service that had no memory left in the `seconds` before `end`, and how much was in use.

    All hosts, where those of the service say nothing of their memory: it may run in a container, whose name is another.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    used = f"system_memory_utilization_ratio{selector(environment, state='used')}"
    query = f"max by (host_name) (max_over_time({used}[{seconds:.0f}s]))"
    found = {each.labels.get("host_name", ""): each.value for each in metrics.samples(query, end)}
    beats = f"botobs_service_heartbeat_timestamp_seconds{selector(environment, service_name=service)}[1h]"
    own = {
        each.labels.get("host_name", "")
        for each in metrics.samples(f"group by (host_name) (last_over_time({beats}))", end)
    }
    hosts = own & found.keys() or found.keys()
    return tuple(sorted((host, found[host]) for host in hosts if found[host] > _NO_MEMORY))
