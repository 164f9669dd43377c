"""`python -m bench.pipeline`: what is shipped, beside a plain collector, and one with a durable queue alone.

What is shipped is the intake, which redacts, and the collector behind it; both count. All get the same load, over TLS,
from the same generators, and deliver to the same sink, in turn.
Besides: how fast a queue that has filled while the sink was away is sent, while a platform of the aimed size goes on
sending.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import httpx
import psutil

from botobs._ops import custom
from botobs._ops.access import secrets
from botobs._ops.components import native, ports
from botobs._ops.components.collector import FEATURES
from botobs._ops.components.context import Context
from botobs._ops.components.table import BY_NAME
from botobs._ops.home.home import Home
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.settings.values import defaults
from botobs._ops.stack.configuration import render, variables
from botobs._ops.stack.options import Options

from ._harness import Figure, machine, ratio
from ._processes import ROOT

#: Items a second that the pipeline is built for; at this rate an outage is played.
AIMS = {"spans": 20_000, "points": 100_000}
#: Of a collector with a queue on disk, as botobs/_ops/components/collector.py starts one.
_WITH_QUEUE = {"GOMEMLIMIT": "360MiB", "GOGC": "400"}
_QUEUES = ("BOTOBS_COLLECTOR_TRACES_QUEUE_BYTES", "BOTOBS_COLLECTOR_METRICS_QUEUE_BYTES")
#: The plain one's and the sink's. No limit of memory: a plain collector holds what waits there, and would pay for a
#: limit with CPU that is not its work.
_UNBOUND = {"GOGC": "400"}
_METRIC = {"spans": "otelcol_receiver_accepted_spans", "points": "otelcol_receiver_accepted_metric_points"}


@dataclass(frozen=True)
class Run:
    """One load on one collector.

    Attributes:
        items: Acknowledged.
        rate: Of them a second until the last was at the sink: a plain collector answers for what it has in memory.
        cpu: CPU seconds of the collector, and of the intake in front of it, for a million of them.
        memory: Bytes of both at the most, file pages excluded.
        delivered: What came to the sink, more than `items` if something came twice.
    """

    items: int
    rate: float
    cpu: float
    memory: int
    delivered: int


class Bench:
    """A home with certificates, a sink, and the three collectors, none of which runs yet.

    Args:
        folder: Where all of it is.
        processes: Generators of load.
        items: Of a request.
        queue_bytes: That a queue may hold, if not what the stack derives.
    """

    def __init__(self, folder: Path, processes: int, items: int, queue_bytes: int | None = None) -> None:
        self.home = Home(folder / "home")
        self.home.create()
        secrets.ensure(self.home.secrets)
        self._processes, self._items = processes, items
        self._programs = Binaries()
        self._programs.require(["collector", "intake"], Silent())
        self._program = str(self._programs["botobs-collector"])
        self._sink_ports = dict(zip(("grpc", "http", "metrics"), _free_ports(3), strict=True))
        self.values = variables(
            self.home,
            ports.choose(["collector", "intake", "prometheus", "tempo", "alertmanager"], True),
            Options(
                variables={
                    "BOTOBS_PROMETHEUS_URL": f"https://127.0.0.1:{self._sink_ports['http']}",
                    "BOTOBS_TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{self._sink_ports['grpc']}",
                    # The host's numbers are not part of the load.
                    "BOTOBS_HOST_METRICS_INTERVAL": "1h",
                }
                | ({} if queue_bytes is None else dict.fromkeys(_QUEUES, str(queue_bytes)))
            ),
        )
        custom.make(self.home.custom)
        render(self.home, self.values)
        self._context = Context(self.home, self._programs, defaults() | self.values, httpx.AsyncClient())
        self.plain = self._written("plain", _FORWARDING, SENDING="{enabled: true}", EXTENSIONS="[]")
        self.bare = self._written("bare", _FORWARDING, SENDING=_ON_DISK, EXTENSIONS="[file_storage]")
        self._sink = self._written("sink", _SINK)

    @contextmanager
    def sink(self) -> Iterator[None]:
        """Run the sink."""
        command = [self._program, FEATURES, "--config", str(self._sink)]
        with self._running("sink", command, os.environ | _UNBOUND, lambda: self.delivered("spans") >= 0):
            yield

    @contextmanager
    def shipped(self) -> Iterator[list[psutil.Process]]:
        """Run the collector and the intake as `botobs up` does; in this order."""
        with ExitStack() as stack:
            started = [
                stack.enter_context(self._shipped(name, variable))
                for name, variable in (
                    ("collector", "BOTOBS_COLLECTOR_OTLP_PORT"),
                    ("intake", "BOTOBS_OTLP_HTTP_PORT"),
                )
            ]
            yield started

    @contextmanager
    def collector(self, config: Path) -> Iterator[list[psutil.Process]]:
        """Run a collector of the bench's own."""
        listens = partial(self._listens, "BOTOBS_OTLP_HTTP_PORT")
        environ = os.environ | (_WITH_QUEUE if config == self.bare else _UNBOUND)
        command = [self._program, FEATURES, "--config", str(config)]
        with self._running(config.stem, command, environ, listens) as process:
            yield [process]

    def _shipped(self, name: str, variable: str) -> AbstractContextManager[psutil.Process]:
        """One of the shipped processes, ready when it listens on a port."""
        component = BY_NAME[name]
        if component.prepare is not None:
            component.prepare(self._context)
        process = native.process(self._context, component)
        return self._running(name, process.command, process.environ, partial(self._listens, variable))

    def load(self, signal: str, seconds: float) -> tuple[int, float]:
        """Send all that can be with all generators at once; the items acknowledged, and of them a second."""
        return self._said(self._generators(signal, seconds, 0))

    @contextmanager
    def steady(self, signal: str, seconds: float, rate: float) -> Iterator[Callable[[], tuple[int, float]]]:
        """Begin to send `rate` items a second; gives what waits for the end and says as `load` does."""
        generators = self._generators(signal, seconds, rate)
        try:
            yield lambda: self._said(generators)
        finally:
            for generator in generators:
                generator.terminate()
                generator.wait()
                assert generator.stdout is not None
                generator.stdout.close()

    def _generators(self, signal: str, seconds: float, rate: float) -> list[subprocess.Popen[str]]:
        endpoint = f"https://127.0.0.1:{self.values['BOTOBS_OTLP_HTTP_PORT']}"
        command = [sys.executable, "-m", "bench._load", endpoint, str(self.home.secrets), signal]
        return [
            subprocess.Popen(
                [*command, str(number), str(seconds), str(self._items), str(rate / self._processes)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(self._processes)
        ]

    @staticmethod
    def _said(generators: list[subprocess.Popen[str]]) -> tuple[int, float]:
        said = [json.loads(generator.communicate()[0]) for generator in generators]
        return sum(one["items"] for one in said), sum(one["items"] / one["seconds"] for one in said)

    def delivered(self, signal: str) -> int:
        """Items that the sink was sent; -1 while it does not answer."""
        try:
            text = httpx.get(f"http://127.0.0.1:{self._sink_ports['metrics']}/metrics", trust_env=False).text
        except httpx.TransportError:
            return -1
        # Only what the generators send: what the collector makes of spans goes over HTTP too.
        transport = "grpc" if signal == "spans" else "http"
        lines = re.findall(
            rf'^{_METRIC[signal]}(?:_total)?{{[^}}]*transport="{transport}"[^}}]*}} (\S+)$', text, re.M
        )
        return int(sum(float(line) for line in lines))

    def _listens(self, variable: str) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", int(self.values[variable]))) == 0

    @contextmanager
    def _running(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], ready: Callable[[], bool]
    ) -> Iterator[psutil.Process]:
        with (path := self.home.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        try:
            while not ready():
                if process.poll() is not None:
                    raise RuntimeError(f"it has ended; see {path}")
                time.sleep(0.1)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()

    def _written(self, name: str, text: str, **more: str) -> Path:
        path = self.home.config / f"{name}.yaml"
        values = {
            "SECRETS": str(self.home.secrets),
            "PORT": self.values["BOTOBS_OTLP_HTTP_PORT"],
            "QUEUE": str(self.home.data / "bare"),
            **more,
            **{f"SINK_{kind.upper()}": str(port) for kind, port in self._sink_ports.items()},
        }
        path.write_text(re.sub(r"<(\w+)>", lambda match: values[match[1]], text), encoding="utf-8")
        return path


_TLS = "{cert_file: <SECRETS>/server.pem, key_file: <SECRETS>/server.key}"
_TO_SINK = "{ca_file: <SECRETS>/ca.pem}"
_SINK = f"""
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:<SINK_GRPC>", max_recv_msg_size_mib: 64, tls: {_TLS}}}
      http: {{endpoint: "127.0.0.1:<SINK_HTTP>", metrics_url_path: /api/v1/otlp/v1/metrics, tls: {_TLS}}}
exporters: {{debug: {{verbosity: basic}}}}
service:
  telemetry:
    logs: {{level: error}}
    metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: <SINK_METRICS>}}}}}}}}]}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug]}}
    metrics: {{receivers: [otlp], exporters: [debug]}}
"""
#: As the durable collector's: fsync, no end of retries, no sender let go.
_ON_DISK = (
    "{storage: file_storage, sizer: bytes, queue_size: 4294967296, num_consumers: 8, block_on_overflow: true}"
)
_FORWARDING = f"""
extensions:
  file_storage: {{directory: <QUEUE>, create_directory: true, fsync: true, timeout: 10s}}
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:<PORT>", tls: {_TLS}}}}}}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:<SINK_GRPC>", compression: none, tls: {_TO_SINK}, sending_queue: &queue <SENDING>}}
  otlp_http:
    {{endpoint: "https://127.0.0.1:<SINK_HTTP>/api/v1/otlp", compression: none, tls: {_TO_SINK}, sending_queue: *queue}}
service:
  extensions: <EXTENSIONS>
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [otlp_grpc]}}
    metrics: {{receivers: [otlp], exporters: [otlp_http]}}
"""


def measure(
    bench: Bench, running: AbstractContextManager[list[psutil.Process]], signal: str, seconds: float
) -> Run:
    """Load what takes data in, and wait until all of it is at the sink."""
    with running as processes:
        before, used = bench.delivered(signal), _cpu(processes)
        items, rate = bench.load(signal, seconds)
        memory = sum(map(_memory, processes))
        _until(lambda: bench.delivered(signal) - before >= items)
        cpu = (_cpu(processes) - used) / items * 1e6
        return Run(items, rate, cpu, memory, bench.delivered(signal) - before)


@dataclass(frozen=True)
class Drain:
    """An outage of the sink under a steady load.

    Attributes:
        taken: Items a second that came in, before, during and after it.
        sent: Items a second that were sent from the first on until all that had come in until then were sent.
        waited: Seconds from the sink's return to the first item: the pause between two attempts.
    """

    taken: float
    sent: float
    waited: float


def drain(bench: Bench, signal: str, outage: float) -> Drain:
    """Send at the aimed rate, without a sink for `outage` seconds and with one for twice as many."""
    with bench.shipped(), bench.steady(signal, 3 * outage, AIMS[signal]) as end:
        began = time.monotonic()
        time.sleep(outage)
        with bench.sink():
            back = time.monotonic()
            _until(lambda: bench.delivered(signal) > 0)
            seen = [(time.monotonic(), bench.delivered(signal))]
            while time.monotonic() < began + 3 * outage:
                seen.append((time.monotonic(), bench.delivered(signal)))
                time.sleep(0.05)
            items, taken = end()
            _until(lambda: bench.delivered(signal) >= items)
            seen.append((time.monotonic(), items))
    first, before = seen[0]
    # Half a second's worth is always on its way.
    at, count = next(each for each in seen if each[1] >= min(items, taken * (each[0] - began - 0.5)))
    return Drain(taken, (count - before) / (at - first), first - back)


def _cpu(processes: list[psutil.Process]) -> float:
    return float(sum(times.user + times.system for times in (each.cpu_times() for each in processes)))


def _memory(process: psutil.Process) -> int:
    info = process.memory_info()
    return int(info.rss - getattr(info, "shared", 0))


def _until(condition: Callable[[], bool], within: float = 300) -> None:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("what was acknowledged has not come to the sink")
        time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def _row(label: str, runs: dict[str, list[Run]], value: Callable[[Run], float], digits: int) -> str:
    figures = {name: Figure(tuple(map(value, each))) for name, each in runs.items()}
    shown = [f"{figure.median:,.{digits}f}" for figure in figures.values()]
    pairs = (("plain", "shipped"), ("plain", "bare"), ("bare", "shipped"))
    ratios = [f"{ratio(figures[one], figures[other]).median:.2f}" for one, other in pairs]
    return f"| {label} | {' | '.join(shown + ratios)} |"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each load (default: 20)")
    parser.add_argument("--rounds", type=int, default=3, help="of all collectors in turn (default: 3)")
    parser.add_argument("--processes", type=int, default=2, help="generators (default: 2)")
    parser.add_argument(
        "--items", type=int, default=512, help="of a request (default: 512, as OpenTelemetry's SDKs send)"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    saved: dict[str, object] = {"machine": machine()}
    print(
        f"{saved['machine']}; medians of {options.rounds} rounds of {options.seconds:g} s, "
        f"{options.items} items a request\n"
    )
    print(
        "| what | shipped | plain | a bare durable queue | shipped/plain | bare/plain | shipped/bare |"
        "\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="botobs-bench-") as folder:
        bench = Bench(Path(folder), options.processes, options.items)
        drains: list[tuple[str, Drain]] = []
        for signal in AIMS:
            runs: dict[str, list[Run]] = {"shipped": [], "plain": [], "bare": []}
            with bench.sink():
                for _ in range(options.rounds):
                    for name, running in (
                        ("shipped", bench.shipped()),
                        ("plain", bench.collector(bench.plain)),
                        ("bare", bench.collector(bench.bare)),
                    ):
                        runs[name].append(measure(bench, running, signal, options.seconds))
            print(_row(f"{signal}/s", runs, lambda run: run.rate, 0))
            print(_row(f"CPU s for 1,000,000 {signal}", runs, lambda run: run.cpu, 1))
            print(_row("memory, MiB", runs, lambda run: run.memory / 2**20, 0))
            after = drain(bench, signal, options.seconds)
            drains.append((signal, after))
            saved[signal] = {name: [asdict(run) for run in each] for name, each in runs.items()}
            saved[f"{signal}, drain"] = asdict(after)
    print(
        "\n| after an outage | sent a second | taken in a second | multiple | s until the first |"
        "\n|---|---|---|---|---|"
    )
    for signal, after in drains:
        multiple = after.sent / after.taken
        print(f"| {signal} | {after.sent:,.0f} | {after.taken:,.0f} | {multiple:.1f} | {after.waited:.1f} |")
    if options.json:
        options.json.write_text(json.dumps(saved, indent=1) + "\n")


if __name__ == "__main__":
    main()
