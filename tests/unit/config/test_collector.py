"""The collector's pipelines keep their promises: nothing unredacted, nothing lost, nothing unguarded."""

from __future__ import annotations

import re
from typing import Any

import pytest

from botobs.semconv._model import DURATION_BUCKETS
from grafana.boards import pipeline as pipeline_board
from tests.support import configs
from tests.support import redaction_corpus as corpus

CONFIG = configs.load("collector/collector.yaml")
PIPELINES: dict[str, Any] = CONFIG["service"]["pipelines"]
FROM_SERVICES = [name for name, pipeline in PIPELINES.items() if "otlp" in pipeline["receivers"]]
#: Pipelines that take data in; the others go on where one of these has ended.
BEGINNINGS = [
    name
    for name, pipeline in PIPELINES.items()
    if not all(receiver.startswith("forward/") for receiver in pipeline["receivers"])
]
EXPORTERS: dict[str, Any] = CONFIG["exporters"]
_BLOCKED_KEYS: list[str] = CONFIG["processors"]["redaction"]["blocked_key_patterns"]
_BLOCKED_VALUES: list[str] = CONFIG["processors"]["redaction"]["blocked_values"]

#: Stages that answer a sender before what they hold is on disk.
_ASYNCHRONOUS = {"batch", "tail_sampling", "group_by_trace"}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_memory_is_limited_first(name: str) -> None:
    assert PIPELINES[name]["processors"][0] == "memory_limiter"


@pytest.mark.parametrize("name", FROM_SERVICES)
def test_redaction_is_next(name: str) -> None:
    """Before it, texts that it does not visit become attributes for a moment."""
    processors = PIPELINES[name]["processors"]
    assert processors[1 : processors.index("redaction")] in ([], ["transform/texts"])


@pytest.mark.parametrize("name", PIPELINES)
def test_nothing_holds_data_between_sender_and_queue(name: str) -> None:
    kinds = {processor.split("/")[0] for processor in PIPELINES[name].get("processors", [])}
    assert not kinds & _ASYNCHRONOUS


@pytest.mark.parametrize("name", EXPORTERS)
def test_queues_are_durable_and_patient(name: str) -> None:
    exporter = EXPORTERS[name]
    queue = exporter["sending_queue"]
    storage = CONFIG["extensions"][queue["storage"]]
    assert storage["fsync"] is True
    assert queue["block_on_overflow"] is True
    assert exporter["retry_on_failure"]["max_elapsed_time"] == 0


@pytest.mark.parametrize("name", EXPORTERS)
def test_no_request_is_joined_with_anothers(name: str) -> None:
    """One that is refused takes nothing with it but what its sender has sent beside; tests/drills holds the outage."""
    batch = EXPORTERS[name]["sending_queue"].get("batch", {"min_size": 0})
    assert batch["min_size"] == 0
    assert "partition" not in batch


@pytest.mark.parametrize("name", [name for name in EXPORTERS if name.startswith("otlp_http/")])
def test_points_are_refused_in_small_batches(name: str) -> None:
    batch = EXPORTERS[name]["sending_queue"]["batch"]
    assert (batch["sizer"], batch["max_size"]) == ("items", 1000)


@pytest.mark.parametrize(
    "file", ["collector.yaml", "agent.yaml", "gateway.yaml", "sampler.yaml", "sampling-gateway.yaml"]
)
def test_headers_do_not_go_into_the_queue(file: str) -> None:
    """What a receiver passes on of a request is written to disk beside its spans: the sender's token."""
    for receiver in configs.load(f"collector/{file}").get("receivers", {}).values():
        for protocol in receiver.get("protocols", {}).values():
            assert not protocol.get("include_metadata", False)


def test_services_show_a_token_over_tls() -> None:
    for protocol in CONFIG["receivers"]["otlp"]["protocols"].values():
        assert protocol["auth"]["authenticator"] == "bearertokenauth/services"
        assert protocol["tls"]["cert_file"] == "/secrets/server.pem"


_SOUND = "filter/sound"
GUARDS = {
    name.removeprefix("filter/"): processor["metric_conditions"]
    for name, processor in CONFIG["processors"].items()
    if name.startswith("filter/") and name != _SOUND and "metric_conditions" in processor
}
_COUNTED = CONFIG["connectors"]["signal_to_metrics/refused"]["datapoints"]
#: What is taken out; the others are points that are stored all the same, spelled another way or without an instance.
_REFUSED = "botobs.collector.refused.points"


def test_guards_and_their_counts_have_the_same_conditions() -> None:
    counted = {
        metric["attributes"][0]["default_value"]: metric["conditions"]
        for metric in _COUNTED
        if metric["name"] == _REFUSED
    }
    assert counted == GUARDS


def test_what_is_counted_is_what_no_guard_lets_pass() -> None:
    (sound,) = CONFIG["processors"][_SOUND]["metric_conditions"]
    stored = [metric["conditions"] for metric in _COUNTED if metric["name"] != _REFUSED]
    joined = " or ".join(condition for guard in (*GUARDS.values(), *stored) for condition in guard)
    assert sorted(sound.removeprefix("not (").removesuffix(")").split(" or ")) == sorted(joined.split(" or "))
    assert PIPELINES["metrics/unsound"] == {
        "receivers": ["forward/guards"],
        "processors": [_SOUND],
        "exporters": ["signal_to_metrics/refused"],
    }


def test_points_of_services_pass_every_guard() -> None:
    assert PIPELINES["metrics"]["exporters"] == ["forward/guards"]
    guards = PIPELINES["metrics/guards"]
    assert guards["receivers"] == ["forward/guards"]
    assert {f"filter/{name}" for name in GUARDS} | {"delta_to_cumulative"} == set(guards["processors"])
    assert guards["exporters"] == PIPELINES["metrics/guarded"]["receivers"] == ["forward/points"]
    assert PIPELINES["traces/guards"]["exporters"] == PIPELINES["traces"]["receivers"] == ["forward/spans"]


def test_the_board_counts_what_every_guard_takes_out() -> None:
    """And nothing else: side pipelines filter on purpose."""
    pattern = pipeline_board._GUARDS["filter"].removeprefix("=~")
    filters = {
        name for one in PIPELINES.values() for name in one.get("processors", ()) if name.startswith("filter/")
    }
    assert {name for name in filters if re.fullmatch(pattern, name)} == filters - {"filter/sound"}


@pytest.mark.parametrize("connector", ["span_metrics", "service_graph"])
def test_what_connectors_make_of_spans_passes_guards(connector: str) -> None:
    """It is joined over services: what one of them says would take the others' figures with it."""
    (pipeline,) = (one for one in PIPELINES.values() if connector in one["receivers"])
    assert {"redaction/text", "transform/names"} <= set(pipeline["processors"])


def test_guards_stand_where_data_enters() -> None:
    assert {"filter/without_id", "transform/identity"} <= set(PIPELINES["traces/guards"]["processors"])
    guards = {"redaction/text", "transform/names", "transform/identity", "transform/contradictory"}
    assert guards <= set(PIPELINES["metrics"]["processors"])


@pytest.mark.parametrize("file", ["agent.yaml", "moving.yaml", "sampling.yaml", "sampling-gateway.yaml"])
def test_what_is_laid_over_it_changes_no_guard(file: str) -> None:
    pipelines = configs.load(f"collector/{file}")["service"]["pipelines"]
    assert not {"traces/guards", "metrics", "metrics/guards", "metrics/unsound"} & set(pipelines)


def test_the_collectors_own_metrics_need_no_listener() -> None:
    """Its pull reader has neither TLS nor authentication."""
    readers = CONFIG["service"]["telemetry"]["metrics"]["readers"]
    assert [list(reader) for reader in readers] == [["periodic"]]
    exporter = readers[0]["periodic"]["exporter"]["otlp"]
    assert exporter["endpoint"].startswith("https://")
    assert exporter["headers"] == [
        {"name": "authorization", "value": "${file:/secrets/collector.authorization}"}
    ]


def test_span_metrics_have_the_buckets_of_the_sdk() -> None:
    def seconds(text: str) -> float:
        number, unit = re.fullmatch(r"([\d.]+)(ms|s)", text).groups()  # type: ignore[union-attr]
        return float(number) / (1000 if unit == "ms" else 1)

    spans = CONFIG["connectors"]["span_metrics"]["histogram"]["explicit"]["buckets"]
    edges = CONFIG["connectors"]["service_graph"]["latency_histogram_buckets"]
    assert [seconds(text) for text in spans] == pytest.approx(DURATION_BUCKETS)
    assert edges == spans


def test_span_metrics_see_every_span() -> None:
    """They hang on the pipeline that no sampler is in, and have their bounds."""
    assert "span_metrics" in PIPELINES["traces"]["exporters"]
    assert PIPELINES["traces/graph"] == {
        "receivers": PIPELINES["traces"]["receivers"],
        "exporters": ["service_graph"],
    }
    connector = CONFIG["connectors"]["span_metrics"]
    assert connector["aggregation_cardinality_limit"] > 0
    assert connector["series_expiration"]


def test_the_instance_is_pinned() -> None:
    """The connector signs with a resource attribute of its own; unset, it would be a new name with every start."""
    attributes = {a["name"]: a["value"] for a in CONFIG["service"]["telemetry"]["resource"]["attributes"]}
    assert attributes["service.instance.id"] == attributes["collector.instance.id"] == "collector-0"


def test_keys_of_secrets_are_blocked() -> None:
    keys = [
        "api_key", "apiKey", "X-MBX-APIKEY", "secret", "client_secret", "password", "passphrase",
        "OK-ACCESS-PASSPHRASE", "signature", "authorization", "Authorization", "cookie", "session_token",
        "listenKey", "private_key", "url.query", "db.query.parameter.0", "http.request.header.x-custom",
        "exchange.credential",
    ]  # fmt: skip
    assert [key for key in keys if not _matches(_BLOCKED_KEYS, key)] == []


def test_other_keys_are_not() -> None:
    keys = [
        "exchange.order.client_id", "exchange.ratelimit.used", "db.query.text", "url.full", "server.address",
        "botobs.feed.name", "exchange.ws.channel", "code.function.name", "exception.message", "llm.usage.tokens",
    ]  # fmt: skip
    assert [key for key in keys if _matches(_BLOCKED_KEYS, key)] == []


def test_values_that_look_like_secrets_are_masked() -> None:
    passed = {text for text, _ in corpus.SECRETS if not _matches(_BLOCKED_VALUES, text)}
    assert passed == corpus.SDK_ALONE


def test_ordinary_values_pass() -> None:
    assert [text for text in corpus.INNOCENTS if _matches(_BLOCKED_VALUES, text)] == []


def test_statuses_and_names_pass_the_redaction_processor() -> None:
    """As attributes, which are taken away again."""
    processors = PIPELINES["traces/guards"]["processors"]
    order = [
        processors.index(name)
        for name in ("transform/texts", "redaction", "transform/redaction", "transform/limits")
    ]
    assert order == sorted(order)
    into = _statements("transform/texts")
    out = _statements("transform/redaction")
    for field, key in (
        ("span.status.message", "botobs.redaction.status"),
        ("span.name", "botobs.redaction.name"),
    ):
        assert f'set(span.attributes["{key}"], {field})' in into
        assert f'set({field}, span.attributes["{key}"])' in out
        assert f'delete_key(span.attributes, "{key}")' in out
        assert not _matches(_BLOCKED_KEYS, key)
        assert key not in CONFIG["processors"]["redaction"]["ignored_keys"]


def _statements(name: str) -> list[str]:
    return [text for each in CONFIG["processors"][name]["trace_statements"] for text in each["statements"]]


def _plain_name() -> str:
    """The condition under which a span's name is not looked into."""
    (condition,) = [
        condition
        for each in CONFIG["processors"]["transform/texts"]["trace_statements"]
        for condition in each["conditions"]
        if "span.name" in condition
    ]
    plain = re.fullmatch(r'not IsMatch\(span\.name, "(.*)"\)', condition)
    assert plain
    return plain[1].replace(r"\\", "\\")


@pytest.mark.parametrize(
    "name",
    [
        "GET /order?signature=ab12", "GET /order?a=&signature=x", "wss://bot:hunter2@stream.example.test",
        "get /" + "aB3" * 16, "POST /x&apiKey=5ec4e7 HTTP", "login password='hunter2'",
    ],
)  # fmt: skip
def test_a_name_with_a_secret_is_looked_into(name: str) -> None:
    assert not _matches([_plain_name()], name)
    assert _matches(_BLOCKED_VALUES, name)


@pytest.mark.parametrize(
    "name", ["create_order binance", "GET /api/v1/bots/{id}", "SELECT orders", "bot.turn"]
)
def test_an_ordinary_name_is_not(name: str) -> None:
    assert _matches([_plain_name()], name)


def _matches(patterns: list[str], text: str) -> bool:
    # The collector reads a doubled dollar as one; Go writes the end of the text as \z.
    return any(re.search(p.replace("$$", "$").replace(r"\z", r"\Z"), text, re.ASCII) for p in patterns)
