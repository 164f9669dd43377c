"""A release of OpenTelemetry without a private name that botobs uses: everything arrives all the same."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from botobs._sdk.upstream import global_provider
from testbed.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]
PATIENCE = 60
_BOTOBS = Path(__file__).parents[3] / "botobs"
#: What the stock engine cannot do without; the fast one takes its place.
_STOCK_ONLY = (
    ("opentelemetry.sdk.trace", "_Span"),
    ("opentelemetry.sdk.metrics._internal._view_instrument_match", "_ViewInstrumentMatch"),
    ("opentelemetry.sdk.metrics._internal.measurement", "Measurement"),
    ("opentelemetry.sdk.metrics._internal.metric_reader_storage", "MetricReaderStorage"),
)
_OTHERS = (
    ("opentelemetry.metrics", "_Gauge"),
    ("opentelemetry.context", "_RUNTIME_CONTEXT"),
    ("opentelemetry.context", "_SUPPRESS_INSTRUMENTATION_KEY"),
    ("opentelemetry.context", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY"),
    ("opentelemetry.trace.propagation", "_SPAN_KEY"),
    ("opentelemetry.util._decorator", "_agnosticcontextmanager"),
    ("opentelemetry.sdk.metrics._internal._view_instrument_match", "_hash_attributes"),
    ("opentelemetry.instrumentation._semconv", "_StabilityMode"),
)

_PROGRAM = Path(__file__).parent / "programs" / "missing_upstream.py"


def run(start: Start, without: tuple[str, str], engine: str) -> tuple[str, str]:
    process = start(
        _PROGRAM,
        *without,
        BOTOBS_ENGINE=engine,
        BOTOBS_LOGS="true",
        BOTOBS_DISABLED_INSTRUMENTATIONS="",
    )
    printed, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return printed, errors


def everything_arrived(receiver: OtlpReceiver) -> None:
    spans = {span.name: span for span in receiver.spans}
    assert spans["inner"].parent_span_id == spans["outer"].span_id
    assert receiver.last_value("hits", side="buy") == 2
    assert receiver.last_value("level") == 3
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0


@pytest.mark.parametrize("engine", ["fast", "stock"])
@pytest.mark.parametrize("without", _OTHERS, ids=lambda name: name[1])
def test_a_name_is_missing(
    start: Start, receiver: OtlpReceiver, without: tuple[str, str], engine: str
) -> None:
    printed, _ = run(start, without, engine)
    assert printed == f"{engine} []\n"
    everything_arrived(receiver)


@pytest.mark.parametrize("without", _STOCK_ONLY, ids=lambda name: name[1])
def test_the_fast_engine_takes_the_place_of_the_stock_one(
    start: Start, receiver: OtlpReceiver, without: tuple[str, str]
) -> None:
    printed, errors = run(start, without, "stock")
    assert printed == "fast []\n"
    assert "the engine is fast" in errors
    everything_arrived(receiver)


def test_private_names_are_reached_in_their_places_alone() -> None:
    """The names above are all that the SDK wing imports from upstream with an underscore, the public `_logs` aside."""
    known = {(module, name) for module, name in (*_STOCK_ONLY, *_OTHERS)}
    found = set()
    for file in (_BOTOBS / "_sdk").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("opentelemetry"):
                path = (node.module or "").replace("opentelemetry._logs", "").replace("sdk._logs", "")
                for alias in node.names:
                    if "._" in path or (
                        alias.name.startswith("_") and alias.name not in ("_logs", "__version__")
                    ):
                        found.add((file.relative_to(_BOTOBS).as_posix(), node.module or "", alias.name))
    allowed = {"_sdk/upstream.py", "_sdk/engine/stock/upstream.py", "_sdk/instrument/web/aiohttp_client.py"}
    assert {file for file, _, _ in found} == allowed
    modules = {"_view_instrument_match", "exemplar_reservoir"}
    assert {(module, name) for _, module, name in found if name not in modules} <= known


@pytest.mark.parametrize(
    "places", [{"_THE_PROVIDER": None}, {"_internal": SimpleNamespace(_THE_PROVIDER=None)}, {}]
)
def test_a_global_that_nobody_has_set(places: dict[str, object]) -> None:
    class ProxyTracerProvider: ...

    signal = SimpleNamespace(get_tracer_provider=ProxyTracerProvider, **places)
    assert global_provider(signal, "_THE_PROVIDER") is None


@pytest.mark.parametrize("names", [("_THE_PROVIDER",), ()])
def test_a_global_that_somebody_has_set(names: tuple[str, ...]) -> None:
    theirs = object()
    places = dict.fromkeys(names, theirs)
    signal = SimpleNamespace(get_tracer_provider=lambda: theirs, **places)
    assert global_provider(signal, "_THE_PROVIDER") is theirs
