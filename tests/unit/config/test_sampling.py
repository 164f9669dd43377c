"""The files laid over the collector's: they change what they say and nothing else, though lists replace lists."""

from __future__ import annotations

import re
from typing import Any

import pytest

from botobs._sdk.export.priority import Priority, _priority_of_name
from tests.support import configs

BASE = configs.load("collector/collector.yaml")
BEHIND = configs.load("collector/behind-intake.yaml")
POLICY = configs.load("collector/sampling-policy.yaml")
SAMPLING = configs.load("collector/sampling.yaml")
GATEWAY = configs.load("collector/sampling-gateway.yaml")
SAMPLER = configs.load("collector/sampler.yaml")
PIPELINES: dict[str, Any] = {
    name: BASE["service"]["pipelines"].get(name, {}) | pipeline
    for name, pipeline in (BASE["service"]["pipelines"] | SAMPLING["service"]["pipelines"]).items()
}


@pytest.mark.parametrize("name", ["traces", "metrics/guarded"])
def test_every_processor_of_a_pipeline_stays(name: str) -> None:
    """Behind the guards, which it does not touch."""
    before = BEHIND["service"]["pipelines"][name]["processors"]
    assert "processors" not in BASE["service"]["pipelines"][name]
    assert SAMPLING["service"]["pipelines"][name]["processors"][: len(before)] == before


def test_every_count_and_measurement_still_arrives() -> None:
    for name in ("metrics/refused", "metrics/spans"):
        before = set(BASE["service"]["pipelines"][name]["receivers"])
        assert before < set(SAMPLING["service"]["pipelines"][name]["receivers"])
        assert before <= set(GATEWAY["service"]["pipelines"].get(name, {}).get("receivers", before))


def test_only_polls_pass_the_sampler() -> None:
    """What the sampler lets pass and what goes past it share no span and miss none."""
    assert PIPELINES["traces/direct"]["processors"] == ["filter/polls"]
    assert PIPELINES["traces/sampling"]["processors"] == ["tail_sampling", "filter/not_polls"]
    polls, others = (
        POLICY["processors"][f"filter/{name}"]["trace_conditions"][0] for name in ("polls", "not_polls")
    )
    assert others == polls.replace("==", "!=")


def test_nothing_holds_what_goes_past_the_sampler() -> None:
    for name in ("traces", "traces/direct"):
        assert "tail_sampling" not in PIPELINES[name]["processors"]
    assert PIPELINES["traces/direct"]["exporters"] == ["otlp_grpc/tempo", "span_metrics"]


def test_everything_is_measured_before_it_is_sampled() -> None:
    assert PIPELINES["traces/graph"]["receivers"] == ["forward/spans"]
    assert "span_metrics/polls" in PIPELINES["traces/offered"]["exporters"]
    polls, others = SAMPLING["connectors"]["span_metrics/polls"], BASE["connectors"]["span_metrics"]
    assert polls["exemplars"] == {"enabled": False}
    label = polls["dimensions"].pop()
    assert label == {"name": "botobs.sampling"}
    assert polls | {"exemplars": others["exemplars"]} == others


def _regex() -> str:
    text = (configs.ROOT / "collector" / "sampling.yaml").read_text(encoding="utf-8")
    found: set[str] = set(re.findall(r"\$\{BOTOBS_SAMPLING_POLLS:-([^}]*)\}", text))
    (regex,) = found
    return regex


@pytest.mark.parametrize(
    "name",
    [
        "fetch_ticker", "fetch_order_book", "watch_trades", "load_markets", "poll", "tick", "ping", "health",
        "create_order", "cancel_order", "GET /bots", "bot turn", "order_book_depth", "Fetch_OHLCV", "withdraw",
    ],
)  # fmt: skip
def test_polls_are_what_the_sdk_takes_for_them(name: str) -> None:
    assert bool(re.search(_regex(), name)) == (_priority_of_name(name) is Priority.BULK)


def test_every_trace_has_one_sampler() -> None:
    shards = [GATEWAY["processors"][f"filter/not_shard_{number}"]["trace_conditions"][0] for number in (0, 1)]
    patterns = [re.search(r'"(.*)"', shard).group(1).replace("$$", "$") for shard in shards]  # type: ignore[union-attr]
    for digit in "0123456789abcdef":
        assert sum(bool(re.search(pattern, "00" + digit)) for pattern in patterns) == 1


@pytest.mark.parametrize("exporter", [*GATEWAY["exporters"].values(), *SAMPLER["exporters"].values()])
def test_queues_between_the_tiers_are_durable_and_patient(exporter: dict[str, Any]) -> None:
    assert exporter["sending_queue"]["storage"] == "file_storage/queue"
    assert exporter["sending_queue"]["block_on_overflow"] is True
    assert exporter["retry_on_failure"]["max_elapsed_time"] == 0
    assert BASE["extensions"]["file_storage/queue"]["fsync"] is True
    assert SAMPLER["extensions"]["file_storage/queue"]["fsync"] is True


def test_the_sampler_holds_senders_back_before_it_forgets() -> None:
    assert POLICY["processors"]["tail_sampling"]["block_on_overflow"] is True


def test_samplers_are_let_in_by_certificate() -> None:
    for tls in (
        SAMPLER["receivers"]["otlp"]["protocols"]["grpc"]["tls"],
        SAMPLER["extensions"]["health_check"]["tls"],
    ):
        assert tls["client_ca_file"] == "/secrets/ca.pem"
