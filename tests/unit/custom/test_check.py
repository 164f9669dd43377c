"""What is found in files of one's own that no program tells of."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from botobs._ops.custom import Checker, check, make
from tests.support.configs import ROOT, VALUES

ROUTES = """
receivers:
  - name: desk
    slack_configs:
      - title: '{{ template "botobs.subject" . }}'
        text: "{{ template \\"%s\\" . }}"
        fallback: '{{ template "slack.default.fallback" . }}'
"""


def _faults(tmp_path: Path, name: str) -> list[tuple[str, int, str]]:
    custom, templates = tmp_path / "custom", tmp_path / "config" / "alertmanager" / "templates"
    make(custom)
    (tmp_path / "config" / "collector").mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "alertmanager" / "templates", templates, dirs_exist_ok=True)
    (templates.parent / "custom").mkdir(exist_ok=True)
    (templates.parent / "custom" / "mine.tmpl").write_text('{{- define "desk.text" }}x{{ end }}\n')
    (custom / "routes" / "desk.yml").write_text(ROUTES % name)
    # Each program takes everything.
    programs: Mapping[str, Path] = defaultdict(lambda: Path("/bin/true"))
    faults = check(Checker(custom, tmp_path / "config", VALUES, programs))
    return [(fault.file.name, fault.line, fault.text) for fault in faults]


def test_a_template_that_nobody_defines_is_told(tmp_path: Path) -> None:
    """Alertmanager starts with it, and can send no message by it."""
    assert _faults(tmp_path, "botobs.slack") == [("desk.yml", 6, "no template is called 'botobs.slack'")]


def test_ours_ones_own_and_alertmanagers_are_known(tmp_path: Path) -> None:
    for name in ("botobs.text", "desk.text", "__subject", "pagerduty.default.description"):
        assert _faults(tmp_path, name) == []


def _of_collector(
    tmp_path: Path, receivers: str, exporters: str = "span_metrics"
) -> list[tuple[str, int, str]]:
    custom, collector = tmp_path / "custom", tmp_path / "config" / "collector"
    make(custom)
    shutil.copytree(ROOT / "collector", collector, ignore=shutil.ignore_patterns("build"), dirs_exist_ok=True)
    (custom / "collector" / "mine.yaml").write_text(
        f"service:\n  pipelines:\n    traces:\n      receivers: [{receivers}]\n"
        f"      exporters: [{exporters}]\n"
    )
    programs: Mapping[str, Path] = defaultdict(lambda: Path("/bin/true"))
    faults = check(Checker(custom, tmp_path / "config", VALUES, programs))
    return [(fault.file.name, fault.line, fault.text) for fault in faults]


def test_receivers_of_a_pipeline_of_ours_are_kept(tmp_path: Path) -> None:
    assert _of_collector(tmp_path, "forward/spans, otlp/behind_guards, otlp/unlinked, kafka") == []
    missing = "traces must keep the receivers otlp/behind_guards, otlp/unlinked, beside yours"
    assert _of_collector(tmp_path, "forward/spans, kafka") == [("mine.yaml", 3, missing)]


def test_the_service_graph_has_a_pipeline_of_its_own(tmp_path: Path) -> None:
    """A file of the time when it was an exporter of `traces`."""
    receivers = "forward/spans, otlp/behind_guards, otlp/unlinked"
    twice = "traces/graph hands spans to service_graph: in traces each edge would count twice"
    found = _of_collector(tmp_path, receivers, "span_metrics, service_graph")
    assert found == [("mine.yaml", 3, twice)]


def test_receivers_as_they_were_before_the_guards_are_refused(tmp_path: Path) -> None:
    """The collector would start with both, and with the second send spans past the guards, twice."""
    missing = "traces must keep the receivers forward/spans, otlp/behind_guards, otlp/unlinked, beside yours"
    assert _of_collector(tmp_path, "otlp/intake") == [("mine.yaml", 3, missing)]
    past = "what otlp/intake takes in would pass no guard in traces"
    everything = "forward/spans, otlp/behind_guards, otlp/unlinked, otlp/intake"
    assert _of_collector(tmp_path, everything) == [("mine.yaml", 3, past)]
