"""A running stack as drills see it: alerts that fire, messages that were sent, and how it is broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from ..access import clients
from ..access.secrets import read_secret
from ..errors import StackError
from ..home import state
from ..processes import control
from ..traces import full_trace_id

#: Seconds in which the supervisor says how its processes are, on a busy machine too.
_PATIENCE = 20.0


@dataclass(frozen=True)
class Alert:
    """An alert as Prometheus or Alertmanager has it.

    Attributes:
        labels: Its labels.
        state: Prometheus' `pending` or `firing`, Alertmanager's `active` or `suppressed`.
        value: Value of its expression, as text; empty in Alertmanager.
    """

    labels: Mapping[str, str]
    state: str
    value: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.labels.get("alertname", "")

    def has(self, labels: Mapping[str, str]) -> bool:
        """Whether it has all these labels."""
        return labels.items() <= self.labels.items()


class Target(AbstractContextManager["Target"]):
    """A running stack.

    Args:
        running: Which.
    """

    def __init__(self, running: state.Running) -> None:
        self.running = running
        self._clients: dict[str, httpx.Client] = {}
        # A drill's mark reports from another thread.
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            client.close()

    @property
    def parts(self) -> frozenset[str]:
        """Names of the components that run."""
        return frozenset(self.running.parts)

    def http(self, part: str) -> httpx.Client:
        """An HTTP client for a component, with the operator's credentials."""
        with self._lock:
            if part not in self._clients:
                url = self.running.url(part)
                self._clients[part] = (
                    clients.of_part(self.running, part)
                    if url.startswith("https")
                    else httpx.Client(base_url=url, timeout=10, trust_env=False)
                )
            return self._clients[part]

    def control(self, do: str, part: str, seconds: float | None = None) -> None:
        """Take a part away, or give it back: see `botobs._ops.processes.control`."""
        control.ask(self.running.home.control, do, part, seconds)

    def report(self, metric: Mapping[str, Any], environment: str | None = None, host: str = "drill") -> None:
        """Send a metric to the collector, in OTLP's JSON, as a service called `drill`.

        Args:
            metric: The metric.
            environment: Which it belongs to; the stack's by default.
            host: Of which it is.

        Raises:
            httpx.HTTPError: The collector does not take it.
        """
        identity = {
            "service.name": "drill",
            "service.instance.id": "drill",
            "host.name": host,
            "deployment.environment.name": environment or self.running.environment,
        }
        attributes = [{"key": key, "value": {"stringValue": value}} for key, value in identity.items()]
        body = {
            "resourceMetrics": [
                {"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": [metric]}]},
            ]
        }
        token = read_secret(self.running.home.secrets / "service.token")
        # The collector knows services by their token, and no operator.
        headers = {"Authorization": f"Bearer {token}"}
        response = self.http("collector").post("/v1/metrics", json=body, headers=headers, auth=httpx.Auth())
        response.raise_for_status()

    def database_url(self, database: str) -> str:
        """Address of the stack's own PostgreSQL as its superuser."""
        port = urlsplit(self.running.url("postgres")).port
        password = quote(read_secret(self.running.home.secrets / "database-postgres.password"), safe="")
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/{database}"

    def in_prometheus(self) -> list[Alert] | None:
        """Pending and firing alerts, or None while Prometheus does not respond."""
        body = self._get("prometheus", "/api/v1/alerts")
        if body is None:
            return None
        return [Alert(each["labels"], each["state"], each["value"]) for each in body["data"]["alerts"]]

    def suppressed(self) -> list[Alert] | None:
        """Alerts that are inhibited in Alertmanager, or None while it does not respond."""
        body = self._get("alertmanager", "/api/v2/alerts?active=false&silenced=false&inhibited=true")
        if body is None:
            return None
        return [Alert(each["labels"], "suppressed") for each in body if each["status"]["inhibitedBy"]]

    def notifications(self) -> dict[str, float]:
        """How many notifications Alertmanager has sent, by integration; `<integration> failed` those that failed."""
        found: dict[str, float] = {}
        for name, suffix in (("total", ""), ("failed_total", " failed")):
            for sample in self.query(f"sum by (integration) (alertmanager_notifications_{name})"):
                found[sample["metric"]["integration"] + suffix] = float(sample["value"][1])
        return found

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query, none while Prometheus does not respond."""
        body = self._get("prometheus", f"/api/v1/query?query={quote(promql, safe='')}")
        return list(body["data"]["result"]) if body else []

    def trace_id(self, traceql: str, since: float) -> str | None:
        """Id of a trace that a TraceQL query finds, or None."""
        path = (
            f"/api/search?limit=1&start={int(since)}&end={int(time.time()) + 1}&q={quote(traceql, safe='')}"
        )
        body = self._get("tempo", path)
        traces = (body or {}).get("traces") or []
        return full_trace_id(traces[0]) if traces else None

    def _get(self, part: str, path: str) -> Any:
        try:
            response = self.http(part).get(path)
        except httpx.HTTPError:
            return None
        return response.json() if response.status_code == 200 else None

    def require(self, parts: frozenset[str], drill: str) -> None:
        """Refuse a drill whose parts do not run here, or that a part which stands still would hide.

        Raises:
            StackError: Which are missing or stand still, or the stack does not say.
        """
        missing = sorted(parts - self.parts)
        if missing:
            raise StackError(
                f"the drill {drill} needs {', '.join(missing)}; "
                f"the stack in {self.running.home.path} does not run that",
                "With --demo the demo is started instead, which has everything.",
            )
        socket = self.running.home.control
        processes = control.processes(socket, _PATIENCE) if self.running.pid else {}
        if still := [name for name, each in processes.items() if each.get("stopped")]:
            raise StackError(
                f"the drill {drill} was not begun, because {still[0]} stands still",
                "See when it is well: botobs status",
            )
