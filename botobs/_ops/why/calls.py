"""Who calls what: the services, databases and exchanges that a service depends on, and which of its calls fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..prometheus import PrometheusClient
from ..traces.query import quote
from .alerts import Alert

#: Alerts about a database server; those about a service's pools and statements name the service.
_OF_A_DATABASE = frozenset(
    {
        *("DatabaseDown", "DatabaseLocked", "DatabaseTransactionLong", "DatabaseConnectionsHigh"),
        *("DatabaseIOSlow", "DatabaseCacheHitsLow", "DatabaseDeadlocks"),
    }
)


@dataclass(frozen=True)
class Call:
    """The calls of a service to a service, a database or an exchange.

    Attributes:
        server: `service.name`, the database's name, or the exchange's.
        database: Whether it is a database.
        count: Of the minutes that are looked at.
        failed: Of these.
        duration: Mean seconds of one, in these minutes.
        usual: The same in the hour before; 0 where there were none.
    """

    client: str
    server: str
    database: bool
    count: float
    failed: float = 0.0
    duration: float = 0.0
    usual: float = 0.0

    @property
    def extra(self) -> float:
        """Seconds that all of them took longer than is usual; 0 for what is within half of it."""
        return (self.duration - self.usual) * self.count if self.duration > 1.5 * self.usual else 0.0


def read_calls(metrics: PrometheusClient, environment: str, end: float, seconds: float) -> tuple[Call, ...]:
    """The calls of the hour before `end`, counted over the `seconds` before it.

    Args:
        metrics: Prometheus.
        environment: Of this deployment alone; of all where it is empty.
        end: Seconds since the epoch.
        seconds: As a rule since what is asked about began.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    of = selector(environment)
    by, name = "client, server, connection_type", "traces_service_graph_request"

    def over(query: str) -> dict[tuple[str, str], float]:
        return {_ends(each.labels): each.value for each in metrics.samples(query, end)}

    total, spent = f"{name}_total{of}", f"{name}_client_seconds_sum{of}"
    count, failed = over(grown(total, by, seconds)), over(grown(f"{name}_failed_total{of}", by, seconds))
    took = over(grown(spent, by, seconds))
    before = f"[1h] offset {seconds:.0f}s"
    usual = over(
        f"sum by ({by}) (increase({spent}{before})) / (sum by ({by}) (increase({total}{before})) > 0)"
    )
    return tuple(
        Call(
            *ends,
            each.labels.get("connection_type") == "database",
            count.get(ends, 0.0),
            failed.get(ends, 0.0),
            took.get(ends, 0.0) / count[ends] if count.get(ends) else 0.0,
            usual.get(ends, 0.0),
        )
        for each in metrics.samples(f"sum by ({by}) (last_over_time({total}[1h]))", end)
        if all(ends := _ends(each.labels))
    )


def selector(environment: str, **labels: str) -> str:
    """PromQL's matchers: of one deployment, or of any where it is empty, with further labels."""
    wanted = ({"deployment_environment_name": environment} if environment else {}) | labels
    matchers = ",".join(f"{name}={quote(value)}" for name, value in wanted.items())
    return f"{{{matchers}}}" if matchers else ""


def grown(counter: str, by: str, seconds: float) -> str:
    """PromQL: by how much a counter has grown. Its first value is no increase to Prometheus, and one to us."""
    window = f"{seconds:.0f}s"
    return (
        f"sum by ({by}) (increase({counter}[{window}]) > 0 or ({counter} unless {counter} offset {window}))"
    )


def _ends(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("client", ""), labels.get("server", "")


def below(service: str, calls: Sequence[Call]) -> list[Call]:
    """The calls of a service, of the services that it calls, and so on."""
    found: list[Call] = []
    clients = [service]
    for client in clients:
        mine = [call for call in calls if call.client == client]
        found += mine
        clients += [call.server for call in mine if call.server not in clients]
    return found


def leads_to(call: Call, alert: Alert) -> bool:
    """Whether a call goes to what an alert is about."""
    if alert.name in _OF_A_DATABASE:
        return call.database and alert.labels.get("datname", call.server) == call.server
    if exchange := alert.labels.get("exchange_name"):
        return call.server == exchange
    return call.server == alert.labels.get("service_name")


def about_a_callee(alert: Alert) -> bool:
    """Whether an alert is about something that is called, and not about us or the pipeline."""
    return bool(
        alert.name in _OF_A_DATABASE
        or alert.labels.get("exchange_name")
        or (alert.labels.get("service_name") and alert.name.startswith("Service"))
    )


def culprits(calls: Sequence[Call], weight: Callable[[Call], float]) -> dict[Call, float]:
    """The calls that weigh by themselves, and how much: those of what is called do not weigh in turn."""
    heavy = {call: weight(call) for call in calls if weight(call) > 0}
    passed_on = {call.client for call in heavy}
    return {call: weight for call, weight in heavy.items() if call.server not in passed_on}
