"""Rendering of the configuration templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from botobs._ops.errors import StackError
from botobs._ops.home.render import render_text, render_tree


def test_a_value_replaces_its_variable_and_the_default() -> None:
    text = "a: ${BOTOBS_A}\nb: ${BOTOBS_B:-1}\nc: ${BOTOBS_C:-2}\n"
    assert render_text(text, {"BOTOBS_A": "x", "BOTOBS_B": "y"}, "file") == "a: x\nb: y\nc: 2\n"


def test_an_empty_value_takes_the_default_as_in_a_shell() -> None:
    assert render_text("${BOTOBS_A:-d}", {"BOTOBS_A": ""}, "file") == "d"
    assert render_text("[${BOTOBS_A}]", {"BOTOBS_A": ""}, "file") == "[]"


@pytest.mark.parametrize(
    "text", ["$$x", "${env:HOME}", "{{ $labels.a }}", "$1", "${__value.raw}", "${OTHER}"]
)
def test_every_other_dollar_is_left_alone(text: str) -> None:
    assert render_text(text, {}, "file") == text


def test_a_missing_value_is_named_with_its_file() -> None:
    with pytest.raises(StackError, match=r"tempo/tempo\.yaml needs a value for BOTOBS_DATA"):
        render_text("${BOTOBS_DATA}", {}, "tempo/tempo.yaml")


def test_a_tree_is_rendered_without_what_is_no_configuration(tmp_path: Path) -> None:
    source, target = tmp_path / "part", tmp_path / "out"
    (source / "rules").mkdir(parents=True)
    (source / "build").mkdir()
    (source / "rules" / "a.yml").write_text("v: ${BOTOBS_V:-1}", encoding="utf-8")
    (source / "build" / "go.mod").write_text("module x", encoding="utf-8")
    (source / "picture.bin").write_bytes(b"\xff${BOTOBS_V}")
    render_tree(source, target, {"BOTOBS_V": "7"}, frozenset({"build"}))
    assert (target / "rules" / "a.yml").read_text(encoding="utf-8") == "v: 7"
    assert (target / "picture.bin").read_bytes() == b"\xff${BOTOBS_V}"
    assert not (target / "build").exists()


def test_a_file_that_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    source, target = tmp_path / "part", tmp_path / "out"
    source.mkdir()
    (source / "a.yml").write_text("v: ${BOTOBS_V:-1}", encoding="utf-8")
    render_tree(source, target, {"BOTOBS_V": "7"})
    before = (target / "a.yml").stat().st_mtime_ns
    render_tree(source, target, {"BOTOBS_V": "7"})
    assert (target / "a.yml").stat().st_mtime_ns == before
    render_tree(source, target, {"BOTOBS_V": "8"})
    assert (target / "a.yml").read_text(encoding="utf-8") == "v: 8"
