"""The chart of the whole stack: Helm, Kubernetes and the stores take it, and its pods are as confined as ours alone."""

from __future__ import annotations

import re
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from botobs._ops.access.kubernetes import Place
from botobs._ops.programs.versions import pins
from tests.integration.helm import test_pods as of_pods
from tests.integration.helm import test_references as of_references
from tests.integration.helm.test_chart import conform
from tests.support import charts

#: What comes by itself, and what a larger platform says.
_CASES: Mapping[str, charts.Manifest] = {
    "defaults": {},
    "larger": {
        "botobs": {
            "tenant": "desk",
            "settings": {"BOTOBS_HORIZON": "72h", "BOTOBS_ALERT_RECEIVER": "slack"},
            "images": {"pullSecrets": ["registry"]},
        },
        "mimir": {"replicas": 3, "storageClassName": "fast"},
        "alertmanager": {"replicas": 1, "podLabels": {"team": "platform"}},
        "objectStore": {"enabled": False, "endpoint": "s3.example.com"},
    },
    "of one's own": {
        "botobs": {
            "rules": {
                "custom": {"desk.yml": {"groups": [{"name": "desk", "rules": []}]}},
                "prometheusRule": True,
            }
        },
        "objectStore": {"enabled": False, "endpoint": "s3.example.com", "authority": "corporate"},
    },
}
_STORES = ("mimir", "tempo", "alertmanager", "object-store")
#: What is asked of every pod of botobs.
_ALIKE: tuple[Callable[[list[charts.Manifest]], None], ...] = (
    of_pods.test_pods_are_confined,
    of_pods.test_the_host_is_only_looked_at,
    of_pods.test_nobody_may_ask_kubernetes_but_the_scraper,
    of_pods.test_the_chart_makes_no_secret,
    of_pods.test_one_at_a_time_is_taken_away,
    of_references.test_every_service_finds_pods_that_listen,
    of_references.test_every_set_has_its_service,
    of_references.test_selectors_pick_their_own_pods,
    of_references.test_names_are_not_taken_twice,
    of_references.test_accounts_exist,
    of_references.test_every_volume_is_mounted_and_every_mount_has_a_volume,
)


@pytest.fixture(scope="module", params=_CASES)
def manifests(request: pytest.FixtureRequest, tools: Mapping[str, Path]) -> list[charts.Manifest]:
    """The objects of a case."""
    return charts.load(charts.render(tools["helm"], _CASES[str(request.param)], charts.STACK))


@pytest.mark.parametrize("case", _CASES)
def test_helm_finds_nothing_to_say(tools: Mapping[str, Path], case: str) -> None:
    done = charts.helm(
        tools["helm"], "lint", "--strict", "--kube-version", charts.KUBERNETES, "--values", "-", str(charts.STACK),
        values=_CASES[case],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_kubernetes_would_take_it(
    manifests: list[charts.Manifest], tools: Mapping[str, Path], schemas: Path, tmp_path: Path
) -> None:
    (tmp_path / "stack.yaml").write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    done = conform(tools["kubeconform"], schemas, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "Valid: 0" not in done.stdout


@pytest.mark.parametrize("check", _ALIKE, ids=lambda check: check.__name__.removeprefix("test_"))
def test_what_holds_for_every_pod(
    manifests: list[charts.Manifest], check: Callable[[list[charts.Manifest]], None]
) -> None:
    check(manifests)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"mimir": {"replicas": 2}}, "/mimir/replicas"),
        ({"mimr": {}}, "mimr"),
        ({"botobs": {"enviroment": "production"}}, "enviroment"),
        ({"botobs": {"settings": {"HORIZON": "24h"}}}, "HORIZON"),
        ({"objectStore": {"enabled": False}}, "/objectStore/endpoint"),
        ({"objectStore": {"endpoint": "https://s3.example.com"}}, "/objectStore/endpoint"),
        ({"tempo": {"size": "much"}}, "/tempo/size"),
        ({"images": {"tempo": "grafana/tempo"}}, "/images/tempo"),
        ({"alertmanager": None}, "missing property 'alertmanager'"),
    ],
)
def test_a_wrong_value_is_refused_by_name(
    tools: Mapping[str, Path], values: Mapping[str, Any], complaint: str
) -> None:
    done = charts.helm(
        tools["helm"], "template", "botobs", str(charts.STACK),
        "--kube-version", charts.KUBERNETES, "--values", "-", values=values,
    )  # fmt: skip
    assert done.returncode == 1
    assert "specifications of the schema" in done.stderr
    assert complaint in done.stderr


@pytest.mark.parametrize(
    "name", ["botobs", "desk", "a" * 33, "desk-" * 9 + "one", "a" * 39 + "-two", "x" * 53]
)
def test_the_certificate_stands_for_the_services_of_every_release(
    tools: Mapping[str, Path], name: str
) -> None:
    """Also where the chart cuts the name of the release."""
    done = charts.helm(
        tools["helm"], "template", name, str(charts.STACK), "--namespace", "desk",
        "--kube-version", charts.KUBERNETES, "--values", "-", values={"botobs": {"environment": "test"}},
    )  # fmt: skip
    text = "".join(yaml.safe_dump(each) for each in charts.load(done.stdout) if each["kind"] != "Secret")
    asked = set(re.findall(r"[\w-]+-(?:agent|gateway)\.desk\.svc", text))
    assert len(asked) >= 1 and asked <= set(Place("desk", name).hosts())


_RULES = """
groups:
  - name: desk
    rules: [{alert: Late, expr: prometheus_tsdb_head_series > 0, for: "${BOTOBS_FOR_SHORT:-1m}"}]
"""


@pytest.mark.parametrize("rules", [_RULES, yaml.safe_load(_RULES)], ids=["text", "content"])
def test_rules_of_one_s_own_are_treated_as_those_of_botobs(tools: Mapping[str, Path], rules: object) -> None:
    """Settings are put in, what a Prometheus says of itself is asked of Mimir, and an alert says its environment."""
    values = {"botobs": {"environment": "staging", "rules": {"custom": {"desk.yml": rules}}}}
    manifests = charts.load(charts.render(tools["helm"], values, charts.STACK))
    found = charts.named(manifests, "ConfigMap", "botobs-rules")["data"]
    ((rule,),) = (group["rules"] for group in yaml.safe_load(found["desk.yml"])["groups"])
    assert rule["for"] == "1m" and rule["expr"] == "cortex_ingester_tsdb_head_series > 0"
    assert "staging" in rule["labels"]["deployment_environment_name"]
    assert "exchanges.yml" in found


@pytest.mark.parametrize(
    ("name", "rules", "complaint"),
    [
        ("exchanges.yml", _RULES, "exchanges.yml is a file of botobs"),
        ("desk.txt", _RULES, "desk.txt"),
        ("desk.yml", "groups: [}", "desk.yml: error converting YAML"),
        ("desk.yml", "rules: []", "desk.yml: there are no groups"),
        ("desk.yml", {"rules": []}, "missing property 'groups'"),
    ],
)
def test_what_are_no_rules_is_refused(
    tools: Mapping[str, Path], name: str, rules: object, complaint: str
) -> None:
    done = charts.helm(
        tools["helm"], "template", "botobs", str(charts.STACK), "--kube-version", charts.KUBERNETES,
        "--values", "-", values={"botobs": {"rules": {"custom": {name: rules}}}},
    )  # fmt: skip
    assert done.returncode == 1 and complaint in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("limiter", "limit", "fits"),
    [
        (384, "640Mi", True), (384, "576Mi", True), (384, "575Mi", False), (1024, "1.5Gi", True),
        (1024, "1536M", False), (384, 671088640, True), (384, "600000Ki", True), (2000, "640Mi", False),
    ],
)  # fmt: skip
def test_a_limit_that_the_kernel_enforces_first_is_refused(
    tools: Mapping[str, Path], limiter: int, limit: str | int, fits: bool
) -> None:
    """Before the collector has put anybody off: it would be killed under load, again and again."""
    resources = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": limit}}
    values = {"botobs": {"agents": {"memoryLimiterMiB": limiter, "resources": resources}}}
    done = charts.helm(
        tools["helm"], "template", "botobs", str(charts.STACK),
        "--kube-version", charts.KUBERNETES, "--values", "-", values=values,
    )  # fmt: skip
    assert (done.returncode == 0) == fits, done.stderr
    assert fits or "agents.resources.limits.memory" in done.stderr


def test_pods_are_spread_where_nodes_are_of_no_zone(manifests: list[charts.Manifest]) -> None:
    """The scheduler passes over every node that lacks a label of one of several constraints, and spreads nothing."""
    for workload in charts.workloads(manifests):
        spec = charts.pod(workload)["spec"]
        keys = [each["topologyKey"] for each in spec.get("topologySpreadConstraints", [])]
        several = workload["kind"] != "DaemonSet" and workload["spec"]["replicas"] > 1
        assert keys == (["kubernetes.io/hostname"] if several else []), workload["metadata"]["name"]
        assert several == ("podAntiAffinity" in spec.get("affinity", {}))


def test_no_variable_is_left_over(manifests: list[charts.Manifest]) -> None:
    assert "${BOTOBS_" not in yaml.safe_dump_all(manifests)


def test_what_is_botobs_is_as_its_own_chart_makes_it(tools: Mapping[str, Path]) -> None:
    """But for what the scraper asks, and may ask: stores have other names and ports here."""
    alone = charts.load(charts.render(tools["helm"], {}))
    whole = charts.load(charts.render(tools["helm"], {}, charts.STACK))
    ours = [each for each in whole if each["metadata"]["name"].startswith("botobs")]
    others = {each["metadata"]["name"] for each in whole} - {each["metadata"]["name"] for each in ours}
    assert {name.split("-")[0] for name in others} == {"mimir", "tempo", "alertmanager", "object"}

    def unlike_the_scraper(found: list[charts.Manifest]) -> list[charts.Manifest]:
        return [each for each in found if each["metadata"]["name"] != "botobs-scraper"]

    assert unlike_the_scraper(ours) == unlike_the_scraper(alone)


def test_the_package_has_what_programs_read(tools: Mapping[str, Path], tmp_path: Path) -> None:
    """Once packaged it makes the same, and what only builds or explains stays outside."""
    done = charts.helm(tools["helm"], "package", str(charts.STACK), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("*.tgz")
    assert charts.render(tools["helm"], {}, package) == charts.render(tools["helm"], {}, charts.STACK)
    with tarfile.open(package) as archive:
        files = [name for name in archive.getnames() if "/files/" in name]
    assert {Path(name).suffix for name in files} == {".yaml", ".yml", ".json", ".tmpl"}


def test_it_may_be_a_part_of_another_chart_with_a_registry_of_copies(
    tools: Mapping[str, Path], tmp_path: Path
) -> None:
    """As companies have it: one chart of theirs over many, and no image of anywhere else."""
    stack = charts.STACK.name
    version = yaml.safe_load((charts.STACK / "Chart.yaml").read_text(encoding="utf-8"))["version"]
    part = {"name": "botobs-stack", "version": version, "condition": "botobs-stack.enabled"}
    about = {"apiVersion": "v2", "name": "everything", "version": "1.0.0", "dependencies": [part]}
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(about))
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / stack).symlink_to(charts.STACK)
    own = "registry.example.com/botobs-intake:1.0.0"
    values = {
        "global": {"imageRegistry": "mirror.example.com/upstream/"},
        "botobs-stack": {
            "enabled": True,
            "botobs": {"images": {"intake": own}, "postgresExporter": {"enabled": True}},
        },
    }
    found = charts.load(charts.render(tools["helm"], values, tmp_path))
    images = {container["image"] for _, container in charts.containers(found)} - {own}
    upstream = {pins()[part].image for part in (*_STORES, "collector", "prometheus", "postgres_exporter")}
    assert images == {f"mirror.example.com/upstream/{image.partition('/')[2]}" for image in upstream}


def test_stores_are_of_the_pinned_versions() -> None:
    images = yaml.safe_load((charts.STACK / "values.yaml").read_text(encoding="utf-8"))["images"]
    assert images == {
        "mimir": pins()["mimir"].image,
        "tempo": pins()["tempo"].image,
        "alertmanager": pins()["alertmanager"].image,
        "objectStore": pins()["object-store"].image,
    }
    chart = yaml.safe_load((charts.STACK / "Chart.yaml").read_text(encoding="utf-8"))
    ours = yaml.safe_load((charts.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert pins()["mimir"].image.endswith(f":{chart['appVersion']}")
    assert chart["dependencies"][0]["version"] == ours["version"]


def test_one_setting_is_everybodys(tools: Mapping[str, Path]) -> None:
    """What agents keep, Mimir and Tempo still take."""
    found = charts.load(charts.render(tools["helm"], _CASES["larger"], charts.STACK))
    mimir, tempo = (_configuration(found, store) for store in ("mimir", "tempo"))
    assert mimir["limits"]["out_of_order_time_window"] == "72h"
    assert tempo["query_frontend"]["search"]["query_ingesters_until"] == "72h"
    assert mimir["common"]["storage"]["s3"]["endpoint"] == "s3.example.com"
    # Its certificate is not of our authority.
    assert mimir["common"]["storage"]["s3"]["http"]["tls_ca_path"] == ""
    assert tempo["storage"]["trace"]["s3"]["tls_ca_path"] == ""
    assert mimir["ingester"]["ring"]["replication_factor"] == 3
    (container,) = charts.pod(charts.named(found, "StatefulSet", "mimir"))["spec"]["containers"]
    assert "/rules/desk" in {mount["mountPath"] for mount in container["volumeMounts"]}


def _configuration(manifests: list[charts.Manifest], store: str) -> Any:
    return yaml.safe_load(charts.named(manifests, "ConfigMap", store)["data"][f"{store}.yaml"])


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("mimir", ["-config.file={file}", "-config.expand-env=true", "-modules"]),
        ("tempo", ["-target=all", "-config.file={file}", "-config.expand-env=true", "-config.verify=true"]),
    ],
)
def test_the_stores_take_their_configuration(
    manifests: list[charts.Manifest],
    tools: Mapping[str, Path],
    binaries: Mapping[str, Path],
    tmp_path: Path,
    store: str,
    words: list[str],
) -> None:
    """Every key is one that they know; what a pod has in its environment is put in."""
    file = tmp_path / f"{store}.yaml"
    file.write_text(charts.named(manifests, "ConfigMap", store)["data"][file.name], encoding="utf-8")
    (container,) = charts.pod(charts.named(manifests, "StatefulSet", store))["spec"]["containers"]
    environ = {
        entry["name"]: entry.get("value", "10.0.0.1" if entry["name"] == "POD_IP" else "a")
        for entry in container["env"]
    }
    # Four fifths of the container's 6 GiB.
    assert environ["GOMEMLIMIT"] == "4915MiB"
    named = set(re.findall(r"\$\{(\w+)\}", file.read_text(encoding="utf-8")))
    # The key of the object store they read by themselves.
    assert named | {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} == set(environ) - {"GOMEMLIMIT"}
    program = {**binaries, **tools}[store]
    done = subprocess.run(
        [str(program), *(word.format(file=file) for word in words)],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_of_a_store_has_its_secrets_by_name(manifests: list[charts.Manifest]) -> None:
    for workload in charts.workloads(manifests):
        if workload["metadata"]["name"] not in _STORES:
            continue
        for container in charts.pod(workload)["spec"]["containers"]:
            assert "envFrom" not in container
            for entry in container["env"]:
                if entry["name"] == "GOMEMLIMIT":
                    continue
                assert ("value" not in entry) and entry["valueFrom"].keys() <= {"fieldRef", "secretKeyRef"}
