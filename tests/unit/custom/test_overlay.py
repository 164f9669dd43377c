"""Files of one's own over a rendered configuration."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from botobs._ops.custom import files, lay_over, make, unread, unreadable
from botobs._ops.custom.overlay import merge, with_routes
from botobs._ops.errors import StackError
from tests.support.configs import ROOT, VALUES, render

TRADING = """
receivers:
  - name: trading
    slack_configs: [{channel: "#t", api_url_file: "${BOTOBS_SECRETS}/alertmanager/t.url"}]
routes:
  - {receiver: trading, matchers: [owner="trading"], continue: true}
"""


@pytest.fixture
def custom(tmp_path: Path) -> Path:
    """`custom/` as the first start makes it."""
    make(tmp_path / "custom")
    return tmp_path / "custom"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The rendered configuration, as far as something is merged into it."""
    (tmp_path / "config" / "alertmanager").mkdir(parents=True)
    ours = render(ROOT / "alertmanager" / "alertmanager.yml")
    (tmp_path / "config" / "alertmanager" / "alertmanager.yml").write_text(ours)
    return tmp_path / "config"


def _alertmanager(config: Path) -> Any:
    return yaml.safe_load((config / "alertmanager" / "alertmanager.yml").read_text())


def test_without_files_nothing_is_changed(custom: Path, config: Path) -> None:
    before = (config / "alertmanager" / "alertmanager.yml").read_bytes()
    lay_over(custom, config, VALUES)
    assert (config / "alertmanager" / "alertmanager.yml").read_bytes() == before
    assert yaml.safe_load((config / "collector" / "custom.yaml").read_text()) == {}


def test_rules_get_the_values_of_settings(custom: Path, config: Path) -> None:
    (custom / "rules" / "mine.yml").write_text(
        "groups: [{name: m, rules: [{record: a:b, expr: vector(${BOTOBS_MY:-1})}]}]\n"
    )
    lay_over(custom, config, {**VALUES, "BOTOBS_MY": "7"})
    written = config / "prometheus" / "custom" / "rules" / "mine.yml"
    assert "vector(7)" in written.read_text()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_what_was_taken_away_is_gone_at_the_next_start(custom: Path, config: Path) -> None:
    (custom / "rules" / "mine.yml").write_text("groups: []\n")
    lay_over(custom, config, VALUES)
    (custom / "rules" / "mine.yml").unlink()
    lay_over(custom, config, VALUES)
    assert not (config / "prometheus" / "custom" / "rules").exists()


def test_routes_stand_between_the_watchdog_and_everybody(custom: Path, config: Path) -> None:
    ours = _alertmanager(config)
    (custom / "routes" / "a.yml").write_text(TRADING)
    (custom / "routes" / "b.yml").write_text("routes: [{receiver: trading, matchers: [area=x]}]\n")
    lay_over(custom, config, VALUES)
    merged = _alertmanager(config)
    routes = merged["route"]["routes"]
    assert routes[0] == ours["route"]["routes"][0]
    assert [each["receiver"] for each in routes[1:3]] == ["trading", "trading"]
    assert routes[3:] == ours["route"]["routes"][1:]
    assert merged["receivers"] == [
        *ours["receivers"],
        {
            "name": "trading",
            "slack_configs": [{"channel": "#t", "api_url_file": "/secrets/alertmanager/t.url"}],
        },
    ]
    assert merged["inhibit_rules"] == ours["inhibit_rules"]


def test_merging_without_files_is_the_same_text() -> None:
    assert with_routes("a: 1 # why\n", []) == "a: 1 # why\n"


def test_the_collectors_files_are_laid_over_each_other_as_it_does_it() -> None:
    assert merge([{"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}, "d": None}]) == {
        "a": {"b": 1, "c": [2]},
        "d": None,
    }


@pytest.mark.parametrize(
    ("path", "content", "line", "text"),
    [
        ("rules/a.yml", "groups:\n  - name: x\n bad\n", 3, "did not find"),
        ("routes/a.yml", "receivers: []\nroute: {}\n", 2, "'route' has no place here"),
        ("routes/a.yml", "routes: {}\n", 1, "routes must be a list"),
        ("routes/a.yml", "- a\n", 1, "must be a mapping"),
        ("collector/a.yaml", "exporters:\n\t- a\n", 2, "cannot start any token"),
        ("dashboards/a.json", '{"uid": "x",\n}', 2, "no JSON"),
        ("dashboards/a.json", '{"uid": "x", "title": "t"}', 1, "'panels'"),
        ("rules/a.yml", "x: ${BOTOBS_NOWHERE}\n", 0, "BOTOBS_NOWHERE"),
        ("templates/a.tmpl", b"\xff\xfe", 0, "no UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(
    custom: Path, path: str, content: str | bytes, line: int, text: str
) -> None:
    file = custom / path
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (fault,) = unreadable(custom, VALUES)
    assert (fault.file, fault.line) == (file, line)
    assert text in fault.text


def test_a_start_stops_at_such_a_file(custom: Path, config: Path) -> None:
    (custom / "routes" / "a.yml").write_text("receivers: []\nroute: {}\n")
    with pytest.raises(StackError, match=r"routes/a\.yml:2: 'route' has no place"):
        lay_over(custom, config, VALUES)


@pytest.mark.parametrize("name", ["rules/a.yml", "routes/a.yml", "templates/a.tmpl", "dashboards/a.json"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "nowhere"])
def test_what_is_no_file_neither_hangs_nor_fills_memory(custom: Path, name: str, kind: str) -> None:
    path = custom / name
    makers: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
        "nowhere": lambda: path.symlink_to("/none"),
    }
    makers[kind]()
    [fault] = unreadable(custom, VALUES)
    assert (fault.file, "it cannot be read" in fault.text) == (path, True)


@pytest.mark.parametrize("name", ["rules/a.yml", "routes/a.yml", "collector/a.yaml", "dashboards/a.json"])
def test_what_is_nested_too_deeply_is_a_sentence(custom: Path, name: str) -> None:
    (custom / name).write_text("[" * 100_000, encoding="utf-8")
    [fault] = unreadable(custom, VALUES)
    assert fault.file == custom / name


def test_what_nothing_reads_is_told(custom: Path) -> None:
    for path in ("rules/a.txt", "rules/.swp", "README.md", "rule"):
        (custom / path).write_text("")
    assert [each.name for each in unread(custom)] == ["rule", "a.txt"]
    assert files(custom, "rules") == []
