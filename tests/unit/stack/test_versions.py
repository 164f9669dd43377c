"""The lock file of versions agrees with the Go modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from botobs._ops.home import assets
from botobs._ops.programs.versions import Pin, pins

#: Built from a module of somebody else's; our own needs none.
_OTHERS = [pin for pin in pins().values() if pin.module_version]


@pytest.mark.parametrize("pin", _OTHERS, ids=lambda pin: pin.name)
def test_the_go_module_is_pinned_to_the_version_of_the_lock_file(pin: Pin) -> None:
    text = (pin.source / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^(?:require )?\s*{re.escape(pin.module)} (v\S+)", text, re.MULTILINE)
    assert found is not None, f"{pin.source / 'go.mod'} does not require {pin.module}"
    assert found[1] == pin.module_version


@pytest.mark.parametrize("pin", pins().values(), ids=lambda pin: pin.name)
def test_the_build_is_complete(pin: Pin) -> None:
    if pin in _OTHERS:
        assert (pin.source / "go.sum").stat().st_size > 1000
    else:
        assert "require" not in (pin.source / "go.mod").read_text(encoding="utf-8")
    assert pin.minutes > 0
    assert pin.packages


def test_another_list_of_components_is_another_build(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module a\n", encoding="utf-8")
    pin = Pin("a", "1.0", tmp_path, "m", "v1", {"a": "."}, "i:1", 1.0)
    before = pin.cache_name
    (tmp_path / "components.go").write_text("package main\n", encoding="utf-8")
    assert pin.cache_name != before
    assert pin.cache_name.startswith("1.0-")


def test_the_lock_file_is_beside_the_configuration() -> None:
    for folder in ("collector", "prometheus", "tempo", "alertmanager"):
        assert (assets.root() / folder).is_dir()
