"""`botobs report` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testbed.stack import LiveStack

from .conftest import command


def test_an_hour_of_the_demo_is_one_file_below_5_megabytes(trading: LiveStack, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = command("report", "--last", "1h", "-o", str(path), "--json", "--home", str(trading.home.path))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == {"file": str(path), "bytes": path.stat().st_size, "panels": said["panels"]}
    assert 1_000_000 < said["bytes"] < 5_000_000


def test_no_backend_refuses_a_query(report: Path) -> None:
    page = report.read_text(encoding="utf-8")
    for refusal in ("cannot be reached", "answered 4", "answered 5", "cannot draw"):
        assert refusal not in page.split("<script>")[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-o", "/nowhere/report.html"], "/nowhere/report.html cannot be written: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(trading: LiveStack, options: list[str], sentence: str) -> None:
    done = command("report", *options, "--home", str(trading.home.path))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
