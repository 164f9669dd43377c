"""Instrumentations are loaded one by one; what goes wrong with one stays with it, and all is taken back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]
from opentelemetry.trace import NoOpTracerProvider

import botobs
from botobs._ops.doctor import checks
from botobs._sdk.instrument import _upstream, libraries, registry
from botobs._sdk.instrument._applications import Search
from botobs._sdk.instrument.registry import State
from botobs._sdk.patching import failures
from botobs._sdk.patching.guard import never_raise
from botobs._sdk.patching.patch import Patches
from testbed.otlp_receiver import OtlpReceiver

Init = Callable[..., botobs.Handle]
PROGRAMS = Path(__file__).parent / "programs"
calls: list[str] = []


class Good:
    name = "good"

    def install(self, telemetry: Any) -> None:
        calls.append("good installed")
        telemetry.tracer("good").start_span("from good").end()
        telemetry.meter("good").create_counter("good").add(1)

    def uninstall(self) -> None:
        calls.append("good removed")


class Bad:
    name = "bad"

    def install(self, telemetry: Any) -> None:
        raise RuntimeError("cannot")

    def uninstall(self) -> None:
        raise RuntimeError("cannot either")


class Misfit:
    """Finds a library that is not as it was."""

    name = "misfit"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Any) -> None:
        self._patches.on_import("watched_library", lambda module: module.gone)

    def uninstall(self) -> None:
        self._patches.undo()


class Upstream(BaseInstrumentor):  # type: ignore[misc]
    """Stands for an instrumentor of another distribution, of a library called `watched_library`."""

    def instrumentation_dependencies(self) -> list[str]:
        return []

    def _instrument(self, **kwargs: Any) -> None:
        calls.append(f"upstream installed with {sorted(kwargs)}")
        kwargs["tracer_provider"].get_tracer("upstream").start_span("from upstream").end()

    def _uninstrument(self, **kwargs: Any) -> None:
        calls.append("upstream removed")


class BrokenUpstream(Upstream):
    def _instrument(self, **kwargs: Any) -> None:
        raise ValueError("does not fit")


class Replacing(Upstream):
    """Puts a subclass in the place of its library's class, as those of frameworks do."""

    def _instrument(self, **kwargs: Any) -> None:
        library = sys.modules["watched_library"]
        library.App = type("WatchedApp", (library.App,), {"__module__": "opentelemetry.watched"})  # type: ignore[attr-defined]


class WrongVersion(Upstream):
    def instrumentation_dependencies(self) -> list[str]:
        return ["pytest < 1"]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    calls.clear()
    instrumentations = tuple(
        (name, f"{__name__}:{kind}") for name, kind in (("bad", "Bad"), ("good", "Good"))
    )
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Good.__module__])
    monkeypatch.setattr(
        registry, "REGISTRY", (*instrumentations, ("gone", "botobs._sdk.instrument.gone:Gone"))
    )
    monkeypatch.setattr(registry, "_OURS", frozenset())
    monkeypatch.setattr(registry, "entry_points", lambda **_: EntryPoints())
    monkeypatch.setattr(libraries, "table", list)
    yield
    sys.modules.pop("watched_library", None)


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Offers instrumentors by entry point, each of the library `watched_library` unless told otherwise."""

    def call(modules: list[str] | None = None, **kinds: str) -> None:
        group = "opentelemetry_instrumentor"
        points = EntryPoints(
            EntryPoint(name, f"{Good.__module__}:{kind}", group) for name, kind in kinds.items()
        )
        monkeypatch.setattr(registry, "entry_points", lambda **_: points)
        found = ["watched_library"] if modules is None else modules
        monkeypatch.setattr(_upstream.UpstreamInstrumentation, "_modules", lambda _: iter(found))
        for kind in (Upstream, BrokenUpstream, Replacing, WrongVersion):
            kind._instance = None
            kind._is_instrumented_by_opentelemetry = False

    (tmp_path / "watched_library.py").write_text("class App: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return call


def states(handle: botobs.Handle) -> dict[str, State]:
    return {status.name: status.state for status in handle.instrumentations}


def everything(init: Init, **arguments: Any) -> botobs.Handle:
    return init(disabled_instrumentations=arguments.pop("disabled", []), **arguments)


def test_one_that_fails_stops_no_other(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    handle = everything(init)
    assert states(handle) == {"bad": State.FAILED, "good": State.INSTALLED, "gone": State.FAILED}
    handle.flush()
    assert receiver.span_names == ["from good"]
    assert receiver.last_value("good") == 1
    assert receiver.last_value("botobs.sdk.instrumentation.errors", library="bad") == 1
    assert receiver.last_value("botobs.sdk.instrumentation.errors", library="good") == 0
    assert "bad (RuntimeError: cannot)" in caplog.text
    handle.shutdown()
    assert calls == ["good installed", "good removed"]


def test_one_that_fails_at_its_librarys_import_is_told(
    init: Init,
    receiver: OtlpReceiver,
    upstream: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(registry, "REGISTRY", (("misfit", f"{__name__}:Misfit"),))
    handle = everything(init)
    import watched_library  # type: ignore[import-not-found]  # noqa: F401

    (status,) = handle.instrumentations
    assert (status.state, status.detail[:14]) == (State.FAILED, "AttributeError")
    assert [finding.level for finding in checks.instrumentations(handle)] == ["error"]
    assert "misfit is not watched: AttributeError" in caplog.text
    handle.flush()
    assert receiver.last_value("botobs.sdk.instrumentation.errors", library="misfit") == 1


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_failures_while_watching_are_counted_from_zero(init: Init, receiver: OtlpReceiver) -> None:
    failures.report("good")
    handle = everything(init)
    handle.flush()
    errors = "botobs.sdk.instrumentation.errors"
    assert {receiver.last_value(errors, library=name) for name in ("good", *failures.SHARED)} == {0}
    never_raise("good")(lambda: 1 / 0)()
    never_raise("database")(lambda: 1 / 0)()
    handle.flush()
    assert receiver.last_value(errors, library="good") == 1
    assert receiver.last_value(errors, library="database") == 1


def test_disabled_ones_are_left_alone(init: Init) -> None:
    handle = everything(init, disabled=["Good", "bad"])
    assert states(handle) == {"good": State.DISABLED, "bad": State.DISABLED, "gone": State.FAILED}
    assert calls == []


def test_another_init_installs_anew(init: Init) -> None:
    everything(init)
    everything(init, environment="other")
    assert calls == ["good installed", "good removed", "good installed"]


def test_upstream_waits_for_its_library(
    init: Init, receiver: OtlpReceiver, upstream: Callable[..., None]
) -> None:
    upstream(watched="Upstream")
    handle = everything(init)
    assert states(handle)["watched"] is State.WAITING
    import watched_library  # noqa: F401

    assert states(handle)["watched"] is State.INSTALLED
    handle.flush()
    assert "from upstream" in receiver.span_names
    handle.shutdown()
    assert calls[1:] == [
        "upstream installed with ['meter_provider', 'tracer_provider']",
        "upstream removed",
        "good removed",
    ]


def test_upstream_starts_at_once_when_its_library_is_there(init: Init, upstream: Callable[..., None]) -> None:
    sys.modules["watched_library"] = ModuleType("watched_library")
    upstream(watched="Upstream")
    assert states(everything(init))["watched"] is State.INSTALLED


def test_upstream_is_not_loaded_after_shutdown(init: Init, upstream: Callable[..., None]) -> None:
    upstream(watched="Upstream")
    everything(init).shutdown()
    import watched_library  # noqa: F401

    assert calls == ["good installed", "good removed"]


def test_upstream_faults_are_told_apart(init: Init, upstream: Callable[..., None]) -> None:
    upstream([], broken="BrokenUpstream", old="WrongVersion", gone_too="NoSuchClass", fine="Upstream")
    found = states(everything(init))
    assert found["broken"] is State.FAILED
    assert found["old"] is State.MISSING
    assert found["gone_too"] is State.FAILED
    assert found["fine"] is State.INSTALLED


def test_upstream_of_a_library_that_ours_covers_is_passed_over(
    init: Init, upstream: Callable[..., None]
) -> None:
    upstream([], good="Upstream")
    handle = everything(init)
    assert handle.instrumentations[1].origin == "botobs"
    assert calls == ["good installed"]


def test_what_somebody_else_instrumented_is_left_to_them(init: Init, upstream: Callable[..., None]) -> None:
    upstream([], watched="Upstream")
    Upstream().instrument(tracer_provider=NoOpTracerProvider())
    calls.clear()
    handle = everything(init)
    assert states(handle)["watched"] is State.FAILED
    handle.shutdown()
    assert "upstream removed" not in calls


def test_the_installed_instrumentors_name_their_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    found = {one.name: one for one in _upstream.discover(entry_points(group=_upstream.GROUP), set())}
    client = _upstream.UpstreamInstrumentation(found["asyncpg"], lambda _: None, lambda _: None, Search())
    assert list(client._modules()) == ["asyncpg"]


class _Library(Distribution):
    """A distribution that brings the instrumentor of itself."""

    def __init__(self, requires: list[str]) -> None:
        self._requires = requires

    def read_text(self, filename: str) -> str | None:
        lines = [f"Requires-Dist: {each}" for each in self._requires]
        return "\n".join(["Name: desk", *lines]) if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("requires", "target", "waits_for"),
    [
        # taskiq
        (["anyio", "opentelemetry-api ; extra == 'otel'"], "desk.watching:Instrumentor", ["desk"]),
        (["opentelemetry-instrumentation"], "desk.watching:Instrumentor", []),
        ([], "opentelemetry.instrumentation.desk:Instrumentor", []),
    ],
)
def test_a_library_that_brings_its_instrumentor_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, requires: list[str], target: str, waits_for: list[str]
) -> None:
    point = EntryPoint("desk", target, "opentelemetry_instrumentor")
    vars(point)["dist"] = _Library(requires)
    found = _upstream.Found("desk", "desk", point)
    watching = _upstream.UpstreamInstrumentation(found, lambda _: None, lambda _: None, Search())
    assert list(watching._modules()) == waits_for


def test_importing_and_starting_botobs_imports_no_library(start: Callable[..., Any]) -> None:
    process = start(PROGRAMS / "imports_nothing.py", BOTOBS_DISABLED_INSTRUMENTATIONS="")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def imported(name: str, code: str) -> None:
    module = ModuleType(name)
    sys.modules[name] = module
    exec(code, module.__dict__)


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has a module of the program run `code` before botobs starts."""

    def call(code: str) -> None:
        monkeypatch.setitem(sys.modules, "early_program", ModuleType("early_program"))
        imported("early_program", code)

    return call


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("from watched_library import App", "early_program took App"),
        ("from watched_library import App as Bpp", "early_program took App"),
        ("import watched_library\nclass Mine(watched_library.App): ...", "early_program.Mine took App"),
    ],
)
def test_a_class_that_was_imported_before_it_was_replaced_is_told(
    init: Init,
    upstream: Callable[..., None],
    early: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
    code: str,
    named: str,
) -> None:
    upstream(watched="Replacing")
    early(code)
    handle = everything(init)
    status = next(status for status in handle.instrumentations if status.name == "watched")
    assert status.state is State.INSTALLED
    assert status.detail.startswith(f"{named} of watched_library before botobs.init()")
    assert f"watched is watched in part: {named}" in caplog.text
    finding = next(found for found in checks.instrumentations(handle) if found.text.startswith("watched "))
    assert finding.level == "warning"


@pytest.mark.parametrize("code", ["import watched_library", "other = 1"])
def test_nothing_is_told_of_programs_that_reach_the_replaced_class(
    init: Init,
    upstream: Callable[..., None],
    early: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
    code: str,
) -> None:
    upstream(watched="Replacing")
    early(f"import watched_library\n{code}")
    everything(init)
    assert "in part" not in caplog.text


def test_an_instrumentor_that_reads_settings_waits_until_they_are_named(
    init: Init, upstream: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Django's: what its WSGI module imports first is Django, and the settings are named after that.
    monkeypatch.setattr(_upstream, "AFTER", {"watched": "setup"})
    upstream(watched="Upstream")
    (tmp_path / "watched_library.py").write_text("def setup(number):\n    return number\n")
    handle = everything(init)
    import watched_library

    assert calls == ["good installed"]
    assert watched_library.setup(7) == 7
    assert states(handle)["watched"] is State.INSTALLED
    assert calls[1].startswith("upstream installed")
    handle.shutdown()
    assert watched_library.setup.__name__ == "setup" and not hasattr(watched_library.setup, "__wrapped__")


def test_an_instrumentor_whose_library_has_its_settings_does_not_wait(
    init: Init, upstream: Callable[..., None], monkeypatch: pytest.MonkeyPatch, early: Callable[[str], None]
) -> None:
    monkeypatch.setattr(_upstream, "AFTER", {"watched": "setup"})
    upstream(watched="Upstream")
    early("import watched_library")
    apps = ModuleType("watched_library.apps")
    vars(apps)["apps"] = SimpleNamespace(ready=True)
    monkeypatch.setitem(sys.modules, "watched_library.apps", apps)
    assert states(everything(init))["watched"] is State.INSTALLED


def test_a_class_with_type_arguments_takes_them_when_it_was_replaced(
    init: Init, upstream: Callable[..., None], early: Callable[[str], None], tmp_path: Path
) -> None:
    # falcon.testing says `app: falcon.App[Any, Any]`.
    generic = "import typing\nT = typing.TypeVar('T')\nclass App(typing.Generic[T]): ...\n"
    (tmp_path / "watched_library.py").write_text(generic)
    upstream(watched="Replacing")
    everything(init)
    early("from watched_library import App\nmade = App[int]()")
    assert type(sys.modules["early_program"].made).__name__ == "WatchedApp"


def test_a_class_that_is_imported_after_the_start_is_the_watched_one(
    init: Init, upstream: Callable[..., None], early: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    upstream(watched="Replacing")
    everything(init)
    early("from watched_library import App")
    assert sys.modules["early_program"].App.__name__ == "WatchedApp"
    assert "in part" not in caplog.text


def test_the_command_span_that_never_ends_is_left_out(init: Init, upstream: Callable[..., None]) -> None:
    upstream([], click="Upstream")
    (status,) = (status for status in everything(init).instrumentations if status.name == "click")
    assert status.state is State.DISABLED
    assert "endless trace" in status.detail
