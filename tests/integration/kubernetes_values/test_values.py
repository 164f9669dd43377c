"""All of it runs there, and what is set is what happens."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from testbed.sender import Sender
from tests.integration.kubernetes_values.conftest import COLLECTOR, PLACE, Elsewhere
from tests.support.kubernetes.installation import Installation
from tests.support.platforms import Record, complete, flows, services
from tests.support.waiting import eventually

_ALL = f"app.kubernetes.io/instance={PLACE.name}"


@pytest.fixture
def sender(elsewhere: Elsewhere) -> Sender:
    """Sends spans and points from the host, until it is left."""
    return services(elsewhere.botobs)


def test_all_of_it_runs(elsewhere: Elsewhere) -> None:
    pods = elsewhere.botobs.pods(_ALL)
    parts = {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods}
    assert parts == {"agent", "gateway", "scraper", "distributor", "alertmanager"}
    stores = [pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods]
    assert stores.count("mimir") == 3
    of_agents = next(pod for pod in pods if pod["metadata"]["name"] == "watch-botobs-agent-0")
    assert of_agents["spec"]["containers"][0]["image"] == COLLECTOR
    assert all(pod["spec"]["imagePullSecrets"] == [{"name": "registry"}] for pod in pods)


def test_what_is_sent_arrives(elsewhere: Elsewhere, sender: Sender, record_property: Record) -> None:
    with sender:
        flows(sender)
    complete(elsewhere.botobs, sender, "other values", record_property)


def test_one_of_three_mimirs_may_go(elsewhere: Elsewhere, sender: Sender, record_property: Record) -> None:
    """Two of three take what comes meanwhile, and give back what was there."""
    botobs = elsewhere.botobs
    with sender:
        flows(sender)
        gone = ("mimir-1", "--namespace", PLACE.namespace)
        botobs.kubectl("delete", "pod", *gone, "--force", "--grace-period=0")
        flows(sender)
    # One that has just begun to listen answers a question with 503 until it has its place among the others.
    botobs.wait()
    complete(botobs, sender, "one of three Mimirs deleted", record_property)


def test_one_value_more(elsewhere: Elsewhere) -> None:
    """With `--reuse-values`, as the page puts the intake in front: every other value stays."""
    botobs = elsewhere.botobs
    more = ["--reuse-values", "--set-string", "botobs.scraper.podAnnotations.more=1"]
    words = ["--namespace", PLACE.namespace, *more]
    botobs.run("helm", "upgrade", PLACE.name, str(botobs.chart), *words)
    botobs.wait()
    (scraper,) = botobs.pods(f"{_ALL},app.kubernetes.io/component=scraper")
    assert scraper["metadata"]["annotations"]["more"] == "1"
    test_all_of_it_runs(elsewhere)


def test_blocks_are_in_the_platform_s_own_store(elsewhere: Elsewhere) -> None:
    """By its certificate, which no system knows. Mimir and Tempo are asked to write what they have."""
    for part, bucket, path in (
        ("mimir", "blocks", "/ingester/flush?wait=true"),
        ("tempo", "traces", "/flush"),
    ):
        with elsewhere.botobs.client(part) as http:
            http.post(path, timeout=120).raise_for_status()
        found = partial(_blocks, elsewhere.store.buckets / bucket)
        assert eventually(found, within=120)


def _blocks(folder: Path) -> list[Path]:
    return list(folder.rglob(f"{PLACE.tenant}/*/meta.json"))


def test_rules_of_one_s_own_reach_alertmanager(elsewhere: Elsewhere) -> None:
    def reported() -> bool:
        with elsewhere.botobs.client("alertmanager") as http:
            alerts = http.get("/api/v2/alerts").raise_for_status().json()
        return {"OfTheDesk", "Watchdog"} <= {
            each["labels"]["alertname"]
            for each in alerts
            if each["labels"]["deployment_environment_name"] == "staging-2"
        }

    assert eventually(reported, within=300)


def test_every_mimir_is_asked_for_its_health(elsewhere: Elsewhere) -> None:
    """Each by its address: a resolver tells no more of those behind a name."""
    assert eventually(lambda: len(_up(elsewhere.botobs, "mimir")) == 3, within=180)
    assert _up(elsewhere.botobs, "collector") >= {f"watch-botobs-gateway-{number}" for number in range(3)}


def _up(botobs: Installation, service: str) -> set[str]:
    found = botobs.query(f'up{{service_name="{service}"}} == 1')
    return {each["metric"]["service_instance_id"] for each in found}
