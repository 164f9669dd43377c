"""No secret passes, wherever it is put, and what helps a person passes."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import metrics, trace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from opentelemetry.trace import StatusCode

import botobs
from botobs._sdk.engine.redact import redact_metrics
from botobs._sdk.redaction import REDACTED, Redactor
from botobs._sdk.redaction.sql import without_literals
from testbed.otlp_receiver import OtlpReceiver
from tests.support import redaction_corpus as corpus
from tests.support.redaction_corpus import API_KEY, OPAQUE, SECRET, SIGNATURE

Init = Callable[..., botobs.Handle]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(("text", "secret"), corpus.SECRETS)
def test_a_secret_in_a_text_is_taken_out(redactor: Redactor, text: str, secret: str) -> None:
    assert secret in text
    clean = redactor.text(text)
    assert secret not in clean


@pytest.mark.parametrize("text", corpus.INNOCENTS)
def test_what_helps_a_person_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        (
            "url.full",
            f"https://u:p@api.okx.com/api/v5/trade/order?sign={OPAQUE}#x",
            f"https://api.okx.com/api/v5/trade/order?sign={REDACTED}",
        ),
        ("url.query", f"apiKey={OPAQUE}", f"apiKey={REDACTED}"),
        ("http.target", f"/api/v3/order?signature={OPAQUE}", f"/api/v3/order?signature={REDACTED}"),
        ("url.path", f"/ws/{API_KEY}", f"/ws/{REDACTED}"),
        ("http.route", "/orders/{id}?x=1", "/orders/{id}?x=1"),
        # Django's.
        ("http.route", r"^orders/(?P<id>\d+)/$", r"^orders/(?P<id>\d+)/$"),
        (
            "url.path",
            "/bots/7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70/start",
            "/bots/7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70/start",
        ),
        (
            "db.query.text",
            f"SELECT * FROM bots WHERE token = '{OPAQUE}' AND n > 5",
            "SELECT * FROM bots WHERE token = ? AND n > ?",
        ),
        ("db.query.parameter.0", OPAQUE, REDACTED),
        ("http.request.header.x_mbx_apikey", [OPAQUE], [REDACTED]),
        ("http.request.header.x-anything", [OPAQUE], [REDACTED]),
        ("http.response.header.content-type", ["application/json"], ["application/json"]),
        ("http.response.header.x-mbx-used-weight-1m", ["12"], ["12"]),
        ("exchange.api_key", OPAQUE, REDACTED),
        ("apiKey", OPAQUE, REDACTED),
        ("clientSecret", OPAQUE, REDACTED),
        ("password", 12345, REDACTED),
        ("bot.config", {"name": "grid", "secret": OPAQUE}, {"name": "grid", "secret": REDACTED}),
        ("process.command_args", ["bot.py", "--key", OPAQUE], [REDACTED] * 3),
        ("payload", OPAQUE.encode(), REDACTED),
        ("server.port", 5432, 5432),
        ("http.response.status_code", 200, 200),
        ("exchange.symbol", "BTC/USDT", "BTC/USDT"),
        (
            "exchange.order.client_id",
            "x-R4BD3S82-0123456789abcdef01234567",
            "x-R4BD3S82-0123456789abcdef01234567",
        ),
        ("db.operation.name", "SELECT", "SELECT"),
        (
            "service.instance.id",
            "7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70",
            "7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70",
        ),
        ("otel.metric.overflow", True, True),
        ("design", "grid", "grid"),
        ("monkey", "banana", "banana"),
    ],
)
def test_attributes(redactor: Redactor, key: str, value: Any, kept: Any) -> None:
    assert redactor.attribute(key, value) == kept


@pytest.mark.parametrize(
    ("statement", "clean"),
    [
        ("SELECT 1", "SELECT ?"),
        ("SELECT * FROM t1 WHERE a = 'it''s' AND b = $1", "SELECT * FROM t1 WHERE a = ? AND b = $1"),
        # Where a backslash is none to some databases, the quote behind it ends the string to them.
        ("SELECT E'a\\'b', $tag$ secret $tag$, $$x$$", "SELECT ?"),
        ("SELECT E'a''b', $tag$ secret $tag$, $$x$$", "SELECT ?, ?, ?"),
        (
            'SELECT "col2" FROM "t""x" WHERE n IN (1, 2.5, .5e3, 0xFF)',
            'SELECT "col2" FROM "t""x" WHERE n IN (?, ?, ?, ?)',
        ),
        (
            "UPDATE bots SET key='abc' -- key is abc\nWHERE id=%(id)s",
            "UPDATE bots SET key=?  \nWHERE id=%(id)s",
        ),
        ("SELECT 'open end", "SELECT ?"),
        ('SELECT "open end of x', "SELECT ?"),
        ("SELECT 1_000 /* a /* 'x' */ 'y' */", "SELECT ?"),
        ("SELECT a FROM t /* 'x' */ LIMIT :n", "SELECT a FROM t   LIMIT :n"),
    ],
)
def test_statements(statement: str, clean: str) -> None:
    assert without_literals(statement) == clean


def test_own_rules() -> None:
    redactor = Redactor([r"ACC-\d+"], ["desk", "exchange.account"])
    assert redactor.text("account ACC-123 is closed") == f"account {REDACTED} is closed"
    assert redactor.attribute("url.full", "https://h/ACC-77/x") == f"https://h/{REDACTED}/x"
    assert redactor.attribute("Desk", "fx") == REDACTED
    assert redactor.attribute("exchange.account", 7) == REDACTED


NAMES = [
    "apiKey",
    "api_key",
    "API-KEY",
    "secret",
    "passphrase",
    "access_token",
    "mnemonic",
    "password",
    "X-MBX-APIKEY",
    "OK-ACCESS-PASSPHRASE",
]
PLACES: list[Callable[[str, str], str]] = [
    lambda name, value: f"https://api.example.com/v1/order?symbol=BTC&{name}={value}",
    lambda name, value: f"request failed: {name}={value}&x=1",
    lambda name, value: json.dumps({"symbol": "BTC", name: value}),
    lambda name, value: repr({"symbol": "BTC", name: value}),
    lambda name, value: f"{name}: {value}",
    lambda name, value: f"https://{name}:{value}@example.com/path",
]


@given(
    st.sampled_from(NAMES),
    st.sampled_from(PLACES),
    st.text(string.ascii_letters + string.digits + "-_.~+/", min_size=8, max_size=80).filter(
        lambda s: s.strip("./")
    ),
)
def test_any_value_of_a_secret_name_is_taken_out(
    name: str, place: Callable[[str, str], str], value: str
) -> None:
    secret = f"cAnArY{value}"
    assert "cAnArY" not in Redactor().text(place(name, secret))


@given(st.text(max_size=300))
def test_any_text_can_be_redacted(text: str) -> None:
    redactor = Redactor()
    for key in ("", "url.full", "db.query.text", "exception.message"):
        assert isinstance(redactor.attribute(key, text), str)


CANARY = f"{API_KEY[:20]}cAnArY{SECRET[:20]}1"


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_nothing_secret_is_in_the_bytes_that_leave(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(resource_attributes={"deploy.token": CANARY, "note": f"password={CANARY}"})
    tracer = trace.get_tracer("mine", attributes={"api_key": CANARY})
    linked = trace.SpanContext(1, 2, False, trace.TraceFlags(1), trace.TraceState([("vendor", f"{CANARY}")]))
    caller = trace.NonRecordingSpan(linked)
    with tracer.start_as_current_span(
        f"GET https://h/x?k={CANARY}",
        trace.set_span_in_context(caller),
        links=[trace.Link(linked, {"secret": CANARY})],
    ) as current:
        current.set_attribute("exchange.secret", CANARY)
        current.set_attribute("url.full", f"https://h/p?signature={CANARY}")
        current.set_attribute("list", [f"token={CANARY}"])
        current.add_event(f"sent apiKey={CANARY}", {"header": f"Authorization: Bearer {CANARY}"})
        current.set_status(StatusCode.ERROR, f"refused: signature={CANARY}")
        metrics.get_meter("mine").create_histogram("wait", "s").record(
            1, {"url.full": f"https://h/?k={CANARY}"}
        )
        metrics.get_meter("mine").create_counter("hits").add(1, {"api_key": CANARY})
    with pytest.raises(RuntimeError), botobs.span("failing"):
        raise RuntimeError(f"cannot reach https://u:{CANARY}@h/?x={CANARY}")
    handle.flush()
    handle.shutdown()
    assert len(receiver.spans) == 2
    assert b"exception.message" in receiver.raw
    assert b"cAnArY" not in receiver.raw


def test_a_secret_does_not_get_onto_the_disk(init: Init, receiver: OtlpReceiver, tmp_path: Any) -> None:
    from testbed.otlp_receiver import Reply

    receiver.reply = Reply(503)
    handle = init(spool_dir=tmp_path / "spool")
    with botobs.span("x", {"apiKey": CANARY}):
        pass
    handle.flush(2.0)
    files = list((tmp_path / "spool").rglob("*.otlp"))
    assert files
    assert not any(b"cAnArY" in file.read_bytes() for file in files)


def test_exemplars_are_redacted_too() -> None:
    exemplar = pb.Exemplar(filtered_attributes=[KeyValue(key="api_key", value=AnyValue(string_value=CANARY))])
    point = pb.HistogramDataPoint(exemplars=[exemplar])
    metric = pb.Metric(name="wait", histogram=pb.Histogram(data_points=[point]))
    scope = pb.ScopeMetrics(metrics=[metric])
    request = ExportMetricsServiceRequest(resource_metrics=[pb.ResourceMetrics(scope_metrics=[scope])])
    redact_metrics(request, Redactor())
    assert b"api_key" in request.SerializeToString()
    assert b"cAnArY" not in request.SerializeToString()


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_a_secret_that_the_limit_on_lengths_would_cut_is_taken_out_first(
    init: Init, receiver: OtlpReceiver
) -> None:
    handle = init()
    for kept in (39, 30, 20, 12):
        with botobs.span("long", {"body": "x" * (8191 - kept) + " " + SIGNATURE + " y" * 10_000}):
            pass
    handle.flush()
    assert len(receiver.spans) == 4
    assert SIGNATURE[:12].encode() not in receiver.raw


@pytest.mark.parametrize(
    ("address", "length", "alphabet"),
    [
        (
            "https://discord.com/api/webhooks/1162518492631097394/",
            68,
            string.ascii_letters + string.digits + "-_",
        ),
        ("https://hooks.slack.com/services/T024BE7LD/B024BE8LX/", 24, string.ascii_letters + string.digits),
        ("https://eth-mainnet.g.alchemy.com/v2/", 32, string.ascii_letters + string.digits + "-_"),
    ],
)
def test_no_random_token_in_a_path_leaves(
    redactor: Redactor, address: str, length: int, alphabet: str
) -> None:
    """A token that looks like a word, as one in fifty does, goes by the address that it stands in."""
    rng = random.Random(7)
    for _ in range(300):
        token = "".join(rng.choices(alphabet, k=length))
        assert token not in redactor.attribute("url.full", address + token)
        assert token not in redactor.text(f"POST {address}{token} failed")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"apiKey": "{OPAQUE} and more',
        f"password='{OPAQUE} and more",
        f"form {{'api_key': ['{OPAQUE}'",
        f"[SQL: INSERT INTO keys VALUES ('{OPAQUE}', 'x",
        f"[SQL: INSERT INTO keys VALUES ($1)]\n[parameters: ('{OPAQUE}', 1",
        f"DETAIL:  Failing row contains (1, {OPAQUE}, nu",
        f"duplicate key\nDETAIL:  Key (email)=({OPAQUE}@exam",
        f"SELECT 'a' FROM t WHERE b = '{OPAQUE}\\",
    ],
)
def test_a_text_that_ends_within_a_secret(redactor: Redactor, text: str) -> None:
    assert OPAQUE not in redactor.text(text if not text.startswith("SELECT") else f"[SQL: {text}")


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_names_and_descriptions_are_looked_at_too(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(resource_attributes={f"note {CANARY}": "x"})
    with trace.get_tracer(f"mine {CANARY}", CANARY).start_as_current_span(
        "x", attributes={f"k {CANARY}": 1.5}
    ) as span:
        span.set_attribute(f"text {CANARY}", "x")
        span.add_event("e", {f"password={CANARY}": 1})
    meter = metrics.get_meter(f"mine.{CANARY}")
    meter.create_counter("hits", description=f"of {CANARY}").add(1, {f"label {CANARY}": "x"})
    meter.create_counter(f"hits_of_{OPAQUE}", f"secret={OPAQUE}", f"password: {OPAQUE}").add(1)
    handle.flush()
    assert b"hits" in receiver.raw
    assert b"cAnArY" not in receiver.raw
    assert f"secret={OPAQUE}".encode() not in receiver.raw
    assert f"password: {OPAQUE}".encode() not in receiver.raw


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_the_name_of_a_mapping_counts_for_what_is_in_it(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    with botobs.span("x") as span:
        span.set_attribute("credentials", {"binance": "plainword", "okx": {"main": ["otherword"]}})
        span.set_attribute("config", {"exchange": "thirdword"})
    handle.flush()
    assert len(receiver.spans) == 1
    assert b"plainword" not in receiver.raw
    assert b"otherword" not in receiver.raw


def test_what_is_kept() -> None:
    redactor = Redactor(keep=["strategy.token"], keys=["exchange.order.id"])
    value = "k9J2x8Qw4Zr7Tn5Yb3Lm6Vc1Hd0Gf"
    assert redactor.attribute("Strategy.Token", value) == value
    assert redactor.attribute("other.token", value) == REDACTED
    # Named by a person wins over a convention.
    assert redactor.attribute("exchange.order.id", "o-1") == REDACTED
    assert Redactor().attribute("exchange.order.id", "0x" + SIGNATURE) == "0x" + SIGNATURE
    assert Redactor().attribute("trace_id", SIGNATURE) == SIGNATURE


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.binance.com/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1779430889521&limit=1000 200",
        "GET /orders?account=8&cursor=4622992100&page=2&sort=-created HTTP/1.1",
        "https://api.example/fills?order_id=97be8bf1-8210-4307-9318-f39c7a766e72&from=2026-01-01",
        "https://grafana.example/explore?traceId=c15b16c388c6c6a7356fe653124dcb3c&orgId=1#panel",
        "GET https://b.example/?prefix=fills%2F2026-03-12&max-keys=1000 200",
        "https://dex.example/pairs?token=0x97bb829c76644a84271f933d200fed475a81a521&chain=base",
        "GET /static/app.js?v=009cc3bd3b 304",
        "https://h/explore?left=%7B%22q%22:%22rate(a%5B5m%5D)%22%7D&to=now",
        "https://h/bars?page_token=QUFQTHxNfDIwMjYtMDYt&q=api+key+rotation",
    ],
)
def test_a_query_of_innocents_stays(text: str) -> None:
    assert Redactor().text(text) == text
    if text.startswith("https"):
        assert Redactor().attribute("url.full", text) == text


@pytest.mark.parametrize(
    ("query", "secret"),
    [
        ("symbol=BTC&unheard=q7Lw2Zx9VbN4mKj8", "q7Lw2Zx9"),
        ("page=2&k=0123456789abcdef0123", "0123456789abcdef"),
        ("page=2&code=483920", "483920"),
        ("page=2#access_token=hunter2", "hunter2"),
        ("page=2&next=%2Fcb%3Faccess_token%3Dhunter2", "hunter2"),
        ("page=2&next=https%3A%2F%2Fb.example%2F%3Fq%3Dx%26access_token%3Dhunter2", "hunter2"),
        (
            "page=2&url=https%3A%2F%2Fhooks.slack.com%2Fservices%2FT0A1B2C3D%2FB0A1B2C3D%2Fq7Lw2Zx9VbN4",
            "q7Lw2Zx9",
        ),
        ("page=2&key=q7Lw2Zx9VbN4mKj8", "q7Lw2Zx9"),
        ("page=2&password=a?b&hunter2", "hunter2"),
        ("page=2&signature=q7Lw%2B2Zx9VbN4mKj8%3D&limit=5", "q7Lw"),
    ],
)
@pytest.mark.parametrize("address", ["https://api.example/a", "GET /a"])
def test_of_a_query_goes_what_may_be_a_secret(address: str, query: str, secret: str) -> None:
    clean = Redactor().text(f"{address}?{query} 200")
    assert secret not in clean
    if "symbol" not in query:
        assert f"{address}?page=2" in clean


@pytest.mark.parametrize(
    ("key", "address", "left"),
    [
        ("url.full", "https://h/o?orderId=42&signature=9f3a", "https://h/o?orderId=42&signature=[redacted]"),
        ("url.query", "cursor=eyJpZCI6IDF9%3D%3D&api_key=9f3a", "cursor=eyJpZCI6IDF9%3D%3D&api_key=[redacted]"),
        ("http.target", "/a;api_key=ab/cd12;v=2/b?pin=true", "/a;api_key=[redacted];v=2/b?pin=true"),
        ("url.full", "https://h/api-key/9f3a0c2d7e6b48519f3a0c2d7e6b4851/ping", "https://h/api-key/[redacted]/ping"),
    ],
)  # fmt: skip
def test_addresses_lose_the_values_that_may_be_secrets(key: str, address: str, left: str) -> None:
    assert Redactor().attribute(key, address) == left
    assert Redactor().attribute(key, left) == left


@pytest.mark.parametrize(
    "text",
    [
        "session_id=42 started",
        "session_id=de767d79-6ada-4c44-ac1e-50a84c1d7587 state=open",
        "GET /fills?session_id=de767d79-6ada-4c44-ac1e-50a84c1d7587&limit=50 200",
        "x-deploy-key-id: 45915",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/bot-IP6TRH",
        '{"cursor":"bEJuxe6xI7ENauB1q+g1L+bIHqGJinCVNJ3AsW7/","has_more":true}',
        "api_key=****abcd",
    ],
)
def test_an_id_and_what_only_tells_of_a_secret_stay(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize("name", ["session_id", "sessionId", "jsessionid", "PHPSESSID"])
def test_a_token_of_a_session_goes(name: str) -> None:
    token = "9f86d081884c7d659a2feaa0c55ad015"
    assert token not in Redactor().text(f"{name}={token} user=alice")


def test_the_whole_of_a_long_value_goes() -> None:
    for text in ("--password " + "aB3" * 300, "token=[" + "'aB3dE5fG7hJ9kL1mN3pQ', " * 40 + "]"):
        assert "aB3" not in Redactor().text(text)


@pytest.mark.parametrize(("of", "value"), [("name", "value"), ("Key", "Value")])
def test_a_pair_that_names_both_its_parts_is_judged_by_the_name(of: str, value: str) -> None:
    settings = [{of: "api_secret", value: "tulip"}, {of: "region", value: "tulip"}]
    left = [{of: "api_secret", value: REDACTED}, {of: "region", value: "tulip"}]
    assert Redactor().attribute("settings", settings) == left
