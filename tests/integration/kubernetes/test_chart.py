"""The chart and the stores beside it run, and services of the host and of a pod are heard."""

from __future__ import annotations

from botobs._ops.home.private import read_secret
from tests.support.kubernetes import service
from tests.support.kubernetes.installation import NAMESPACE, Installation
from tests.support.waiting import eventually


def test_no_pod_began_twice(botobs: Installation) -> None:
    """All are ready, and none had to be started again for it."""
    pods = botobs.cluster.get("pods", "--namespace", NAMESPACE)
    again = {
        pod["metadata"]["name"]: status["restartCount"]
        for pod in pods
        for status in pod["status"]["containerStatuses"]
        if pod["metadata"]["labels"]["app.kubernetes.io/name"] == "botobs" and status["restartCount"]
    }
    assert not again


def test_a_span_of_the_host(botobs: Installation) -> None:
    token = botobs.home.path / "outside.token"
    botobs.botobs("token", "create", "outside", "--output", str(token))
    botobs.hand_out_secrets()
    environ = {
        "BOTOBS_ENDPOINT": botobs.endpoint,
        "BOTOBS_CERTIFICATE": str(botobs.home.secrets / "ca.pem"),
        "BOTOBS_TOKEN_FILE": str(token),
    }
    assert eventually(lambda: service.on_the_host("outside", environ), within=180)
    assert eventually(lambda: _trace(botobs, "outside"))
    assert eventually(lambda: botobs.query('process_cpu_time_seconds_total{service_name="outside"}'))


def test_a_span_of_a_pod(botobs: Installation) -> None:
    """By the manifest of docs/how-to/kubernetes.md, in a namespace of its own."""
    token = botobs.home.path / "inside.token"
    botobs.botobs("token", "create", "inside", "--output", str(token))
    botobs.hand_out_secrets()
    service.give_secret(botobs, read_secret(token))
    said = service.in_a_pod(botobs, "inside")
    assert "decided" in said
    assert eventually(lambda: _trace(botobs, "inside"))
    assert eventually(lambda: botobs.query('process_cpu_time_seconds_total{service_name="inside"}'))


def test_everything_is_asked_for_its_health(botobs: Installation) -> None:
    def all_up() -> bool:
        found = {
            (each["metric"]["service_name"], each["metric"]["service_instance_id"]): each["value"][1]
            for each in botobs.query("up")
        }
        assert {name for name, _ in found} == {"collector", "mimir", "tempo", "alertmanager"}, found
        collectors = {instance for name, instance in found if name == "collector"}
        assert collectors == {"agent-node-1", "botobs-gateway-0", "botobs-gateway-1"}
        assert set(found.values()) == {"1"}, found
        return True

    assert eventually(all_up, within=180)


def test_the_rules_are_evaluated(botobs: Installation) -> None:
    """By Mimir's ruler, from the ConfigMap of the chart; none of them fails."""
    with botobs.client("mimir") as http:

        def evaluated() -> bool:
            groups = http.get("/prometheus/api/v1/rules").raise_for_status().json()["data"]["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            assert len(rules) > 50, len(rules)
            # What is written down once in half an hour has not had its turn.
            often = [rule for group in groups for rule in group["rules"] if group["interval"] <= 60]
            assert {rule["health"] for rule in often} == {"ok"}
            assert "err" not in {rule["health"] for rule in rules}
            return True

        assert eventually(evaluated, within=300)


def test_the_watchdog_reaches_alertmanager(botobs: Installation) -> None:
    """Over TLS, with the password that its own Secret has."""

    def names() -> set[str]:
        with botobs.client("alertmanager") as http:
            return {
                each["labels"]["alertname"] for each in http.get("/api/v2/alerts").raise_for_status().json()
            }

    assert eventually(lambda: "Watchdog" in names(), within=300)


def _trace(botobs: Installation, name: str) -> object:
    with botobs.client("tempo") as http:
        query = {"q": f'{{ resource.service.name = "{name}" && name = "decide" }}'}
        return http.get("/api/search", params=query).json().get("traces")
