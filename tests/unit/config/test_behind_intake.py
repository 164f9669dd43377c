"""A collector behind the intake takes data from it alone, and whatever it took from services before."""

from __future__ import annotations

import pytest

from botobs._ops.components import collector
from tests.support import configs

_ALONE = configs.load("collector/collector.yaml")
_BEHIND = configs.load("collector/behind-intake.yaml")
_FROM_SERVICES = [
    name for name, pipeline in _ALONE["service"]["pipelines"].items() if "otlp" in pipeline["receivers"]
]


@pytest.mark.parametrize("name", _FROM_SERVICES)
def test_nothing_comes_past_the_intake(name: str) -> None:
    """A receiver that no pipeline has is not started."""
    receivers = _ALONE["service"]["pipelines"][name]["receivers"]
    expected = ["otlp/intake" if each == "otlp" else each for each in receivers]
    assert _BEHIND["service"]["pipelines"][name] == {"receivers": expected}


@pytest.mark.parametrize(("name", "more"), [("traces", ["otlp/unlinked"]), ("metrics/guarded", [])])
def test_what_no_guard_would_change_comes_behind_them(name: str, more: list[str]) -> None:
    before = _ALONE["service"]["pipelines"][name]
    assert _BEHIND["service"]["pipelines"][name] == {
        "receivers": [*before["receivers"], "otlp/behind_guards", *more],
        "processors": ["memory_limiter"],
    }


def test_spans_that_draw_no_edge_miss_the_graph_alone() -> None:
    """Whether they come behind the guards, or marked through them."""
    pipelines = _BEHIND["service"]["pipelines"]
    assert pipelines["traces/graph"] == {
        "receivers": ["forward/linked", "otlp/behind_guards"],
        "processors": ["memory_limiter"],
    }
    assert pipelines["traces/linked"] == {
        "receivers": ["forward/spans"],
        "processors": ["memory_limiter", "filter/unlinked"],
        "exporters": ["forward/linked"],
    }
    assert [name for name, each in pipelines.items() if "otlp/unlinked" in each["receivers"]] == ["traces"]


@pytest.mark.parametrize("name", _BEHIND["receivers"])
def test_only_the_intakes_certificate_is_let_in(name: str) -> None:
    [http] = _BEHIND["receivers"][name]["protocols"].values()
    assert http["tls"]["client_ca_file"].endswith("/intake-ca.pem")
    assert "include_metadata" not in http


@pytest.mark.parametrize("file", ["agent.yaml", "moving.yaml", "sampling.yaml", "sampling-gateway.yaml"])
def test_what_is_laid_over_it_opens_no_other_way(file: str) -> None:
    pipelines = configs.load(f"collector/{file}")["service"].get("pipelines", {})
    for name in _FROM_SERVICES:
        assert "otlp" not in pipelines.get(name, {}).get("receivers", [])


def test_secrets_are_looked_for_once() -> None:
    """In the intake; what comes past it finds the patterns under another name."""
    assert _BEHIND["processors"]["redaction"] == {"blocked_key_patterns": [], "blocked_values": []}
    processors = _ALONE["processors"]
    assert processors["redaction/patterns"] == processors["redaction"]
    assert processors["redaction"]["blocked_values"]


def test_the_stack_and_compose_lay_it_over() -> None:
    assert collector.BEHIND_INTAKE == ("collector.yaml", "behind-intake.yaml")
    command = configs.load("docker-compose.yml")["services"]["collector"]["command"]
    features, *files = command
    assert features == collector.FEATURES
    assert [word.rpartition("/")[2] for word in files] == [*collector.BEHIND_INTAKE, "custom.yaml"]
