"""A real stack that runs in a thread of the tests' process, with synchronous access for the tests."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from ssl import create_default_context
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from botobs._demo import services
from botobs._ops.access import clients
from botobs._ops.home.home import Home
from botobs._ops.home.private import read_secret
from botobs._ops.processes.supervisor import Supervisor
from botobs._ops.programs.binaries import Silent
from botobs._ops.stack.options import Options
from botobs._ops.stack.stack import Stack

T = TypeVar("T")

#: Scrapes and rules at a pace that keeps tests short, on a machine that is busy with others.
FAST: Mapping[str, str] = {
    "BOTOBS_SCRAPE_INTERVAL": "1s",
    "BOTOBS_SCRAPE_TIMEOUT": "1s",
    "BOTOBS_HEALTH_SCRAPE_INTERVAL": "1s",
    "BOTOBS_COLLECTOR_METRICS_INTERVAL_MS": "1000",
    "BOTOBS_SPAN_METRICS_INTERVAL": "1s",
    "BOTOBS_POSTGRES_SCRAPE_INTERVAL": "2s",
    "BOTOBS_EVALUATION_INTERVAL": "1s",
    "BOTOBS_CRITICAL_EVALUATION_INTERVAL": "1s",
    "BOTOBS_RULE_QUERY_OFFSET": "0s",
    # Tests keep a machine busy, and what a starved host explains is suppressed.
    "BOTOBS_THRESHOLD_HOST_LOAD_RATIO": "100",
}


class LiveStack:
    """Starts a stack on entering, stops it on leaving.

    Args:
        variables: Values for the configuration, over `FAST`.
        demo: Run the demo's services too, with this load.
        mimir: Run Mimir too.
        cluster: Run the processes of a cluster.
    """

    def __init__(
        self,
        variables: Mapping[str, str] | None = None,
        demo: services.Load | None = None,
        mimir: bool = False,
        cluster: bool = False,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="botobs-live-"))
        # Where we are root, PostgreSQL runs as another user, who must be able to pass through.
        self._folder.chmod(0o711)
        self.home = Home(self._folder / "home")
        options = Options(
            postgres=True,
            mimir=mimir,
            cluster=cluster,
            ports_auto=True,
            publish=False,
            variables={**FAST, **(variables or {})},
        )
        self.stack = Stack(self.home, options, Silent())
        if demo is not None:
            self.stack.add(services.make(demo, ports_auto=True))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stack", daemon=True)
        self._kept: dict[str, httpx.Client] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        self.call(self.stack.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._kept.values():
            client.close()
        self.call(self.stack.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self._folder)

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the stack's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @property
    def supervisor(self) -> Supervisor:
        """Starts and stops single parts: `live.call(live.supervisor.hold("tempo"))`."""
        return self.stack.supervisor

    def client(self, part: str) -> httpx.Client:
        """An operator's client for a part; close it after use."""
        return clients.client(self.home.secrets, self.stack.addresses[part])

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query at Prometheus."""
        response = self._ask("prometheus", "/api/v1/query", {"query": promql})
        return list(response.json()["data"]["result"])

    def value(self, promql: str) -> float | None:
        """The one value of a query, or None when there is none."""
        result = self.query(promql)
        return float(result[0]["value"][1]) if result else None

    def search(self, traceql: str, last: float = 3600, limit: int = 100) -> list[dict[str, Any]]:
        """Traces that Tempo finds."""
        now = int(time.time())
        parameters: Mapping[str, str | int] = {
            "q": traceql,
            "start": now - int(last),
            "end": now + 1,
            "limit": limit,
        }
        return list(self._ask("tempo", "/api/search", parameters).json().get("traces") or [])

    def export(self, path: str, body: bytes, kind: str = "application/x-protobuf") -> None:
        """Send an OTLP request with the token of this machine's services.

        Args:
            path: Of the signal, such as `/v1/traces`.
            body: The request.
            kind: Its `Content-Type`.

        Raises:
            httpx.HTTPStatusError: It is refused.
        """
        token = read_secret(self.home.secrets / "service.token")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        context = create_default_context(cafile=self.home.secrets / "ca.pem")
        with httpx.Client(base_url=self.stack.addresses["collector"], verify=context, timeout=60) as http:
            http.post(path, content=body, headers=headers).raise_for_status()

    def _ask(self, part: str, path: str, parameters: Mapping[str, str | int]) -> httpx.Response:
        # Over connections that are kept: thousands of questions are asked, and half the cost of one is its handshake.
        if part not in self._kept:
            self._kept[part] = self.client(part)
        response = self._kept[part].get(path, params=parameters)
        response.raise_for_status()
        return response
