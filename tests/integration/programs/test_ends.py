"""Programs by way to end: all that they did arrives, none looks dead, and they end as they do without botobs."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from botobs._ops.components.ports import free_ports
from testbed.otlp_receiver import OtlpReceiver, receiving, value_of
from tests.support.environments import environment
from tests.support.waiting import eventually

PROGRAMS = Path(__file__).parent / "programs"
#: Pieces of work that each program does.
WORK = 20
#: Seconds after which something hangs.
PATIENCE = 240


@dataclass(frozen=True)
class Program:
    """A program of the matrix.

    Attributes:
        words: What Python is given; `{port}` and `{broker}` are filled in.
        feed: How it gets its work: by HTTP requests, or by a program that sends them through a broker.
        signal: Sent once when the work is done; None if it ends by itself.
        work: Pieces of work that it does.
        needs_redis: Whether no other broker will do.
        delivers: Whether it can: one that a fault ends cannot.
        variables: Further variables.
        packages: Of an environment of its own, where they are large, or need other releases than the rest; those of
            `conftest` without.
    """

    words: Sequence[str]
    feed: Sequence[str] | None = None
    signal: signal.Signals | None = signal.SIGTERM
    work: int = WORK
    needs_redis: bool = False
    delivers: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[str] = ()


HTTP = ("http",)
GUNICORN = ["-m", "gunicorn", "--workers", "2", "--no-control-socket", "--bind", "127.0.0.1:{port}"]
SANIC = ["--factory", "--port", "{port}"]
CELERY = ["-m", "celery", "-A", "celery_app", "worker", "--concurrency", "2", "--loglevel", "ERROR"]
HUEY = ["-m", "huey.bin.huey_consumer", "huey_jobs.queue", "-w", "2"]
SEND_CELERY = ["celery_app.py", str(WORK)]
SEND_RQ = ["rq_jobs.py", "send", str(WORK)]


def _alone(name: str, **fields: object) -> Program:
    return Program(["alone.py", name], **({"signal": None} | fields))  # type: ignore[arg-type]


MATRIX = {
    "gunicorn sync": Program([*GUNICORN, "web:wsgi"], HTTP),
    "gunicorn gthread": Program([*GUNICORN, "-k", "gthread", "--threads", "2", "web:wsgi"], HTTP),
    "gunicorn gthread preloaded": Program(
        [*GUNICORN, "-k", "gthread", "--threads", "2", "--preload", "web:wsgi"], HTTP
    ),
    "gunicorn gevent": Program([*GUNICORN, "-k", "gevent", "web:wsgi"], HTTP),
    "gunicorn uvicorn": Program([*GUNICORN, "-k", "uvicorn.workers.UvicornWorker", "web:asgi"], HTTP),
    "gunicorn uvicorn preloaded": Program(
        [*GUNICORN, "-k", "uvicorn.workers.UvicornWorker", "--preload", "web:asgi"], HTTP
    ),
    "uvicorn": Program(["-m", "uvicorn", "--port", "{port}", "web:asgi"], HTTP),
    "uvicorn of two": Program(["-m", "uvicorn", "--workers", "2", "--port", "{port}", "web:asgi"], HTTP),
    "hypercorn": Program(["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "web:asgi"], HTTP),
    "hypercorn of two": Program(
        ["-m", "hypercorn", "-w", "2", "--bind", "127.0.0.1:{port}", "web:asgi"], HTTP
    ),
    "aiohttp": Program(["-m", "aiohttp.web", "-H", "127.0.0.1", "-P", "{port}", "web:aiohttp"], HTTP),
    "sanic": Program(["-m", "sanic", "web:sanic", *SANIC, "--single-process"], HTTP),
    "sanic of two": Program(["-m", "sanic", "web:sanic", *SANIC, "--workers", "2"], HTTP),
    "quart": Program(["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "web:quart()"], HTTP),
    "granian asgi": Program(["-m", "granian", "--interface", "asgi", "--port", "{port}", "web:asgi"], HTTP),
    "granian wsgi of two": Program(
        ["-m", "granian", "--interface", "wsgi", "--workers", "2", "--port", "{port}", "web:wsgi"], HTTP
    ),
    **{
        f"celery {pool}": Program([*CELERY, "--pool", pool], SEND_CELERY)
        for pool in ("prefork", "threads", "solo", "gevent")
    },
    "rq": Program(["-m", "rq.cli", "worker", "--url", "{broker}"], SEND_RQ, needs_redis=True),
    "rq at once": Program(
        ["-m", "rq.cli", "worker", "--burst", "--url", "{broker}"], SEND_RQ, signal=None, needs_redis=True
    ),
    **{
        f"rq {worker}": Program(["rq_jobs.py", "work", worker], SEND_RQ, needs_redis=True)
        for worker in ("Worker", "SimpleWorker")
    },
    # A Python a job.
    "rq SpawnWorker": Program(
        ["rq_jobs.py", "work", "SpawnWorker"], ["rq_jobs.py", "send", "4"], work=4, needs_redis=True
    ),
    "dramatiq": Program(
        ["-m", "dramatiq", "--processes", "2", "--threads", "2", "actors"],
        ["actors.py", str(WORK)],
        needs_redis=True,
    ),
    # It needs a release of redis that Celery refuses.
    "arq": Program(
        ["-m", "arq", "arq_jobs.Worker"],
        ["arq_jobs.py", str(WORK)],
        needs_redis=True,
        packages=["arq>=0.26"],
    ),
    **{
        f"huey {kind}": Program([*HUEY, "-k", kind], ["huey_jobs.py", str(WORK)], needs_redis=True)
        for kind in ("thread", "process")
    },
    "apscheduler blocking": _alone("apscheduler blocking", signal=signal.SIGTERM),
    "apscheduler background": _alone("apscheduler background"),
    **{
        name: _alone(name)
        for name in (
            *(f"joblib {backend}" for backend in ("loky", "multiprocessing", "threading")),
            *(f"pool {method}" for method in ("fork", "spawn", "forkserver")),
            *(f"left pool {method}" for method in ("fork", "spawn", "forkserver")),
            "os._exit of children",
            "console",
            "faulthandler",
            "faulthandler before",
        )
    },
    **{
        f"dask {kind}": _alone(f"dask {kind}", packages=["distributed>=2025.1"])
        for kind in ("processes", "threads")
    },
    "ray": _alone("ray", packages=["ray>=2.40"]),
    "execv": _alone("execv", work=2 * WORK),
    "SIGTERM reset": _alone("SIGTERM reset", signal=signal.SIGTERM),
    "faulthandler chained": _alone("faulthandler chained", signal=signal.SIGTERM),
    "faulthandler crash": _alone("faulthandler crash", delivers=False),
    "daemon threads": _alone("daemon threads"),
    "notebook": Program(["notebook.py"], signal=None),
}


@dataclass(frozen=True)
class Run:
    """How a program ran: its exit code, negative for a signal, and what it wrote to its standard error."""

    code: int
    errors: str


def run(python: Path, program: Program, folder: Path, broker: str, variables: Mapping[str, str]) -> Run:
    """Start a program, give it its work, and end it when all is done."""
    folder.mkdir()
    done = folder / "done"
    done.touch()
    environ = {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "DONE": str(done),
        "BROKER": broker,
        **program.variables,
    }
    port = free_ports(1)[0]
    words = [word.format(port=port, broker=broker) for word in program.words]
    if program.feed not in (None, HTTP):
        subprocess.run([python, *program.feed], env=environ, cwd=PROGRAMS, check=True, timeout=PATIENCE)
    with started([str(python), *words], {**environ, **variables}, folder) as process:
        if program.feed == HTTP:
            ask(port)
        if program.signal is not None:

            def finished() -> bool:
                assert process.poll() is None, (folder / "errors").read_text()
                return done.stat().st_size >= program.work

            eventually(finished, PATIENCE)
            process.send_signal(program.signal)
        code = process.wait(PATIENCE)
    assert done.stat().st_size == program.work
    return Run(code, (folder / "errors").read_text())


@contextmanager
def started(
    command: Sequence[str], environ: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """A process whose children end with the block, too."""
    with (folder / "errors").open("w") as errors:
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=PROGRAMS,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ask(port: int) -> None:
    """Send the requests, one after the other."""

    def served() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    for _ in range(WORK):
        eventually(served, PATIENCE)


@pytest.mark.parametrize("name", MATRIX)
def test_an_end(
    name: str, python: Path, redis: str | None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    program = MATRIX[name]
    if program.needs_redis and redis is None:
        pytest.skip("there is no redis-server; install Debian's package of that name")
    broker = redis or "filesystem://"
    if program.packages:
        python = environment("program", program.packages)
    plain = run(python, program, tmp_path / "plain", broker, {})
    with receiving() as receiver:
        seen = run(
            python,
            program,
            tmp_path / "monitored",
            broker,
            {
                "MONITORED": "1",
                "BOTOBS_ENDPOINT": receiver.endpoint,
                "BOTOBS_SERVICE_NAME": "matrix",
                # Time enough for a busy machine: what counts is that the answer is waited for.
                "BOTOBS_SHUTDOWN_TIMEOUT": "60s",
            },
        )
        assert seen.code == plain.code, seen.errors
        for words in ("Traceback", "could not be delivered"):
            assert seen.errors.count(words) == plain.errors.count(words), seen.errors
        if program.delivers:
            arrived(receiver, program)
        assert unpromised(receiver) == (0 if program.delivers else 1)


def arrived(receiver: OtlpReceiver, program: Program) -> None:
    """Every piece of work is a span and counts in the last metrics."""
    assert receiver.span_names.count("work") == program.work
    assert sum(last_of_each(receiver, "done").values()) == program.work


def unpromised(receiver: OtlpReceiver) -> int:
    """Processes that look dead, which is what ServiceCrashLoop and ServiceInstanceLost count."""
    promised = last_of_each(receiver, "botobs.service.goodbye.promised")
    goodbyes = last_of_each(receiver, "botobs.service.goodbye.timestamp")
    return sum(promised[one] == 1 and goodbyes[one] == 0 for one in goodbyes)


def last_of_each(receiver: OtlpReceiver, metric: str) -> dict[str, float]:
    """The last value of each process."""
    return {
        resource["service.instance.id"]: value_of(point) for resource, _, point in receiver.points(metric)
    }
