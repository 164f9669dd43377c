"""The chart is one that Helm takes, makes what Kubernetes takes, and carries the repository's own configuration."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from botobs._ops.home.render import render_text
from botobs._ops.programs.versions import pins
from tests.support import charts
from tests.support.configs import ROOT

#: The folders that the chart links in.
_LINKED = {
    "collector": "collector",
    "alertmanager": "alertmanager",
    "rules": "prometheus/rules",
    "dashboards": "grafana/dashboards",
    "datasources": "grafana/provisioning/datasources",
    "postgres": "postgres",
}


def test_helm_finds_nothing_to_say(tools: Mapping[str, Path], case: str) -> None:
    done = charts.helm(
        tools["helm"], "lint", "--strict", "--kube-version", charts.KUBERNETES, "--values", "-", str(charts.CHART),
        values=charts.CASES[case],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def conform(kubeconform: Path, schemas: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Judge every file of a folder. The Prometheus operator's objects are not among the schemas."""
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    return subprocess.run(
        [str(kubeconform), "-strict", "-summary", "-skip", "PrometheusRule", "-schema-location", location, str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_kubernetes_would_take_it(
    tools: Mapping[str, Path], rendered: Callable[[str], str], schemas: Path, tmp_path: Path
) -> None:
    """By the schemas of its API, with no field that they do not know."""
    for case in charts.CASES:
        (tmp_path / f"{case}.yaml").write_text(rendered(case), encoding="utf-8")
    done = conform(tools["kubeconform"], schemas, tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"in {len(charts.CASES)} files" in done.stdout and "Valid: 0" not in done.stdout


def test_a_wrong_field_is_seen(
    tools: Mapping[str, Path], rendered: Callable[[str], str], schemas: Path, tmp_path: Path
) -> None:
    broken = rendered("defaults").replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: sometimes")
    (tmp_path / "broken.yaml").write_text(broken, encoding="utf-8")
    done = conform(tools["kubeconform"], schemas, tmp_path)
    assert done.returncode == 1
    assert "readOnlyRootFilesystem" in done.stdout


def test_the_package_has_the_files_themselves(tools: Mapping[str, Path], tmp_path: Path) -> None:
    """One source: what is linked in is packaged byte by byte, and what programs do not read stays outside."""
    done = charts.helm(tools["helm"], "package", str(charts.CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found: dict[str, bytes] = {}
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            if member.name.startswith("botobs/files/") and content is not None:
                found[member.name.removeprefix("botobs/files/")] = content.read()
    assert {name.split("/")[0] for name in found} == set(_LINKED)
    for name, packaged in found.items():
        folder, _, rest = name.partition("/")
        assert packaged == (ROOT / _LINKED[folder] / rest).read_bytes(), name
        assert Path(name).suffix in {".yaml", ".yml", ".json", ".tmpl"}, name


@pytest.mark.parametrize("file", ["agent.yaml", "collector.yaml"])
def test_variables_are_put_in_as_a_stack_does_it(rendered: Callable[[str], str], file: str) -> None:
    """The chart's few lines of template against the code for a single machine, on the longest file there is."""
    text = charts.named(charts.load(rendered("everything")), "ConfigMap", "botobs-agent")["data"][file]
    template = (ROOT / "collector" / file).read_text(encoding="utf-8")
    values = {
        "BOTOBS_DATA": "/data",
        "BOTOBS_SECRETS": "/secrets",
        "BOTOBS_BIND": "0.0.0.0",
        "BOTOBS_OTLP_BIND": "0.0.0.0",
        "BOTOBS_ENVIRONMENT": "production",
        "BOTOBS_HORIZON": "72h",
        "BOTOBS_HOST_NAME": "${env:BOTOBS_NODE}",
        "BOTOBS_HOST_ROOT": "/hostfs",
        "BOTOBS_COLLECTOR_INSTANCE": "agent-${env:BOTOBS_NODE}",
        "BOTOBS_COLLECTOR_MEMORY_MIB": "384",
        "BOTOBS_COLLECTOR_MEMORY_SPIKE_MIB": "96",
        "BOTOBS_PROMETHEUS_URL": "https://mimir-gateway:8443/prometheus",
        "BOTOBS_MIMIR_URL": "https://mimir-gateway:8443",
        "BOTOBS_TEMPO_OTLP_ENDPOINT": "tempo-distributor:4317",
        "BOTOBS_GATEWAYS_URL": "https://botobs-gateway.observability.svc:4621",
    }
    assert text.splitlines() == render_text(template, values, file).splitlines()


def test_no_variable_is_left_over(rendered: Callable[[str], str], case: str) -> None:
    assert "${BOTOBS_" not in rendered(case)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"environmnet": "production"}, "environmnet"),
        ({"images": {"collector": "otel/opentelemetry-collector-contrib"}}, "collector"),
        ({"settings": {"HORIZON": "24h"}}, "HORIZON"),
        ({"stores": {"mimir": {"url": "http://mimir"}}}, "url"),
        ({"tenant": "a/../b"}, "tenant"),
        ({"postgresExporter": {"uri": "exporter:word@postgres/postgres"}}, "uri"),
        ({"agents": {"queue": {"type": "emptyDir"}}}, "type"),
        ({"agents": None}, "missing property 'agents'"),
        ({"stores": {"mimir": None}}, "missing property 'mimir'"),
        ({"gateways": {"replicas": "two"}}, "/gateways/replicas"),
        ({"agents": {"resources": {"requests": {"cpu": "half"}}}}, "/agents/resources/requests/cpu"),
        ({"networkPolicy": {"services": [{"cidr": "10.0.0.0/8"}]}}, "cidr"),
        ({"images": {"intake": "registry.example.com/botobs-intake"}}, "/images/intake"),
    ],
)
def test_a_wrong_value_is_refused_by_name(
    tools: Mapping[str, Path], values: Mapping[str, Any], complaint: str
) -> None:
    done = charts.helm(
        tools["helm"], "template", "botobs", str(charts.CHART),
        "--kube-version", charts.KUBERNETES, "--values", "-", values=values,
    )  # fmt: skip
    assert done.returncode == 1
    assert "specifications of the schema" in done.stderr
    assert complaint in done.stderr


def test_what_stands_still_makes_no_pod_anew(
    tools: Mapping[str, Path], everything: list[charts.Manifest]
) -> None:
    """A setting of rules restarts no collector, one of collectors does; labels of selectors never change."""
    changed = {**charts.CASES["everything"], "dashboards": {"folder": "elsewhere"}}
    again = charts.load(charts.render(tools["helm"], changed))
    assert [charts.pod(each) for each in charts.workloads(again)] == [
        charts.pod(each) for each in charts.workloads(everything)
    ]
    settings = {**charts.CASES["everything"]["settings"], "BOTOBS_COLLECTOR_LOG_LEVEL": "debug"}
    louder = charts.load(charts.render(tools["helm"], {**charts.CASES["everything"], "settings": settings}))
    for before, after in zip(charts.workloads(everything), charts.workloads(louder), strict=True):
        same = charts.pod(before) == charts.pod(after)
        assert same == (charts.part(before) in {"postgres-exporter", "scraper"}), charts.part(before)


def test_a_whole_number_of_a_values_file_stays_one(tools: Mapping[str, Path]) -> None:
    """To Helm it is a float, and its text 1.073741824e+09."""
    settings = {"BOTOBS_COLLECTOR_METRICS_QUEUE_BYTES": 1073741824, "BOTOBS_THRESHOLD_HOST_LOAD_RATIO": 0.5}
    text = charts.render(tools["helm"], {"settings": settings})
    assert "queue_size: 1073741824\n" in text and "vector(0.5)" in text


@pytest.mark.parametrize("environment", ['prod: "eu"', "prod #1", "${HOME}", "prod'eu"])
def test_an_environment_that_would_be_other_yaml_is_refused(
    tools: Mapping[str, Path], environment: str
) -> None:
    words = ["template", "botobs", str(charts.CHART), "--kube-version", charts.KUBERNETES, "--values", "-"]
    done = charts.helm(tools["helm"], *words, values={"environment": environment})
    assert done.returncode != 0 and "at '/environment'" in done.stderr


def test_chart_and_pods_are_of_the_pinned_versions() -> None:
    chart = yaml.safe_load((charts.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == pins()["collector"].version
    images = yaml.safe_load((charts.CHART / "values.yaml").read_text(encoding="utf-8"))["images"]
    assert images["collector"] == pins()["collector"].image
    assert images["prometheus"] == pins()["prometheus"].image
    assert images["postgresExporter"] == pins()["postgres_exporter"].image
