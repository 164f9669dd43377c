"""PyInstaller is told of every module that botobs imports by name, and of every instrumentor."""

from __future__ import annotations

import runpy
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from botobs._sdk.instrument.registry import REGISTRY


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The hook's names after PyInstaller has run it; functions of PyInstaller answer with what they were asked."""
    hooks = ModuleType("PyInstaller.utils.hooks")
    hooks.collect_data_files = lambda package, **_: [(package, "data")]  # type: ignore[attr-defined]
    hooks.collect_entry_point = lambda group: ([(group, "metadata")], [f"found.by.{group}"])  # type: ignore[attr-defined]
    hooks.copy_metadata = lambda name: [(name, "metadata")]  # type: ignore[attr-defined]
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, hooks.__name__, hooks)
    points = entry_points(group="pyinstaller40", name="hook-dirs")
    (folder,) = next(point for point in points if point.value.startswith("botobs.")).load()()
    return runpy.run_path(str(Path(folder) / "hook-botobs.py"))


def test_every_instrumentation_is_collected(hook: dict[str, object]) -> None:
    collected = hook["hiddenimports"]
    assert isinstance(collected, list)
    assert {target.partition(":")[0] for _, target in REGISTRY} <= set(collected)
    assert not [name for name in collected if name.startswith("botobs.") and find_spec(name) is None]
    assert "found.by.opentelemetry_instrumentor" in collected


def test_data_and_metadata_are_collected(hook: dict[str, object]) -> None:
    collected = hook["datas"]
    assert isinstance(collected, list)
    assert ("botobs._sdk", "data") in collected
    assert ("opentelemetry_context", "metadata") in collected
