"""Whatever stands in the place of a setting: `init` returns, says what is wrong, and the default stands."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import botobs
from botobs._sdk.settings import TABLE, Settings, SettingsError, load
from tests.support.hostile import NAMES, Nothing, values

pytestmark = pytest.mark.slow

DEFAULTS = Settings()
JUNK = st.one_of(
    st.text(max_size=50),
    st.characters(),
    st.sampled_from(["nan", "inf", "-1", "1e400", "9" * 400, "\ud800", "a\0b", "-inf", "0x10", "5 parsecs"]),
)
FILES = {
    "tool is a number": ("pyproject.toml", b"tool = 5"),
    "botobs is a number": ("pyproject.toml", b"[tool]\nbotobs = 5"),
    "botobs is a list": ("pyproject.toml", b"[tool]\nbotobs = ['a']"),
    "deep": ("botobs.toml", b"a = " + b"[" * 5000 + b"]" * 5000),
    "no UTF-8": ("botobs.toml", b"\xff\xfe\x00"),
    "no TOML": ("botobs.toml", b"\x00" * 100),
    "huge": ("botobs.toml", b"# " + b"x" * 5 * 2**20),
    "not finite": (
        "botobs.toml",
        b"sampling_ratio = nan\nmetric_interval = inf\nspan_interval = nan\nspool_age = -inf",
    ),
    "beyond any range": ("botobs.toml", b"queue_bytes = 1e400\nseries_limit = 99999999999999999999999"),
    "other types": (
        "botobs.toml",
        b"endpoint = 1979-05-27\nredact_keys = 5\nheaders = 3\nservice_name = [1]",
    ),
}


@pytest.mark.parametrize("name, content", FILES.values(), ids=FILES)
def test_a_file_may_hold_anything(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    read = load({}, {"HOME": str(tmp_path)}, tmp_path)
    assert read.problems
    assert (read.sampling_ratio, read.metric_interval, read.queue_bytes) == (
        DEFAULTS.sampling_ratio,
        DEFAULTS.metric_interval,
        DEFAULTS.queue_bytes,
    )
    with pytest.raises(SettingsError):
        load({"strict": True}, {"HOME": str(tmp_path)}, tmp_path)


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "botobs.toml").mkdir()
    assert [problem.setting for problem in load({}, {"HOME": str(tmp_path)}, tmp_path).problems] == ["config"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no pipes in folders")
@pytest.mark.parametrize("place", ["file", "config", "certificate"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, place: str) -> None:
    pipe = tmp_path / "botobs.toml"
    os.mkfifo(pipe)
    arguments: dict[str, Any] = {"endpoint": "https://127.0.0.1:9", "disabled_instrumentations": ["all"]}
    environ = {"HOME": str(tmp_path)}
    if place == "config":
        environ["BOTOBS_CONFIG"] = str(pipe)
    elif place == "certificate":
        arguments["certificate"] = pipe
    problems: list[Any] = []

    def start() -> None:
        if place == "certificate":
            problems.extend(botobs.init("x", environ=environ, **arguments).problems)
        else:
            problems.extend(load(arguments, environ, tmp_path).problems)

    starting = threading.Thread(target=start, daemon=True)
    starting.start()
    starting.join(60)
    assert not starting.is_alive()
    assert "is no file" in problems[0].text


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_an_argument_may_be_anything(tmp_path: Path, number: int) -> None:
    for name in sorted(set(TABLE) - {"strict"}):
        read = load({name: values()[number]}, {"HOME": str(tmp_path)}, tmp_path)
        refused = [problem for problem in read.problems if problem.setting == name]
        if refused and name != "service_name":
            assert getattr(read, name) == getattr(DEFAULTS, name)
        for seconds in (read.metric_interval, read.span_interval, read.export_timeout, read.shutdown_timeout):
            assert 0 < seconds < threading.TIMEOUT_MAX
        assert 0 <= read.sampling_ratio <= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_variable_may_be_anything(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(set(TABLE) - {"strict"})))
    variables = [f"BOTOBS_{name.upper()}", *(variable.name for variable in TABLE[name].otel)]
    environ = {data.draw(st.sampled_from(variables)): data.draw(JUNK), "HOME": str(tmp_path)}
    read = load({}, environ, tmp_path)
    if any(problem.setting == name for problem in read.problems) and name != "service_name":
        assert getattr(read, name) == getattr(DEFAULTS, name)


ENVIRONS = [5, Nothing(), {"HOME": 5, "BOTOBS_ENDPOINT": 7}, {"BOTOBS_CONFIG": "~nobody-here/x"}]


@pytest.mark.parametrize("environ", ENVIRONS, ids=["number", "nothing", "numbers", "no home"])
def test_variables_may_be_no_variables(environ: Any) -> None:
    load({}, environ)


def test_items_without_end_are_not_read_to_it(tmp_path: Path) -> None:
    read = load({"disabled_instrumentations": itertools.count()}, {"HOME": str(tmp_path)}, tmp_path)
    assert [problem.setting for problem in read.problems] == ["disabled_instrumentations"]


@pytest.mark.parametrize("engine", ["stock", "fast"])
def test_a_process_with_an_odd_surrounding_starts(tmp_path: Path, engine: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(botobs.__file__).parents[1]),
        "HOME": str(tmp_path / "nowhere"),
        "BOTOBS_ENGINE": engine,
        "BOTOBS_METRIC_INTERVAL": "9" * 400,
        "OTEL_BSP_SCHEDULE_DELAY": "nan",
        "OTEL_ATTRIBUTE_COUNT_LIMIT": "many",
        "OTEL_SPAN_EVENT_COUNT_LIMIT": "-1",
        "OTEL_METRICS_EXEMPLAR_FILTER": "odd",
        "OTEL_TRACES_SAMPLER": "odd",
        "OTEL_RESOURCE_ATTRIBUTES": "a=%ff,=,b",
    }
    ran = subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).parent / "programs" / "odd_surrounding.py", gone],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout == "alive\n", ran.stderr
    assert "Traceback" not in ran.stderr
