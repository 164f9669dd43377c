"""Planted secrets are found, wherever and however they are written."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest
from opentelemetry import metrics, trace

from botobs.testing import Capture
from botobs.testing._secrets import leaks

# Looks like no secret, so that no redaction helps; has what encodings change.
CANARY = 'canary/"bird+of the=mine'


def in_span_name() -> None:
    trace.get_tracer("shop").start_span(CANARY).end()


def in_attribute() -> None:
    trace.get_tracer("shop").start_span("x", attributes={"note": [CANARY]}).end()


def in_event() -> None:
    with trace.get_tracer("shop").start_as_current_span("x") as span:
        span.add_event("e", {"note": CANARY})


def in_exception() -> None:
    with pytest.raises(ValueError, match="bird"), trace.get_tracer("shop").start_as_current_span("x"):
        raise ValueError(f"could not {CANARY}")


def in_metric() -> None:
    metrics.get_meter("shop").create_counter("sales").add(1, {"note": CANARY})


def in_log() -> None:
    logging.getLogger("shop").warning("note %s", CANARY)


def in_extra() -> None:
    logging.getLogger("shop").warning("sold", extra={"note": {"deep": [CANARY]}})


@pytest.mark.parametrize(
    ("leak", "where"),
    [
        (in_span_name, "the span"),
        (in_attribute, "the span 'x'"),
        (in_event, "the span 'x'"),
        (in_exception, "the span 'x'"),
        (in_metric, "the metrics"),
        (in_log, "the logs"),
        (in_extra, "the logs"),
    ],
)
def test_a_leak_is_found_in_every_signal(
    botobs_capture: Capture, leak: Callable[[], None], where: str
) -> None:
    leak()
    with pytest.raises(AssertionError, match=rf"^canary 2 \(can\.\.\.\) is in {where}.*, as it is"):
        botobs_capture.assert_no_secrets(["another-canary", CANARY])


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: quote(text, safe="").encode(),
        lambda text: json.dumps({"a": text}).encode(),
        lambda text: text.encode().hex().encode(),
        lambda text: text[::-1].encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"a" + text.encode()),
        lambda text: base64.b64encode(b"ab" + text.encode() + b"cd"),
    ],
)
def test_a_leak_is_found_in_every_encoding(encode: Callable[[str], bytes]) -> None:
    payload = b"before " + encode(CANARY) + b" after"
    assert leaks([CANARY], [("it", payload)])
    assert leaks([CANARY], [("it", payload[:-20] + b"x" * 20)]) == []


def test_what_is_redacted_is_no_leak(botobs_capture: Capture) -> None:
    key = "QUtJQTEyMzQ1Njc4OTBhYmNkZWZnaGlqa2xtbm9w"
    trace.get_tracer("shop").start_span(
        "x", attributes={"url.full": f"https://x.example/?apiKey={key}"}
    ).end()
    logging.getLogger("shop").warning("api_key=%s", key)
    botobs_capture.assert_no_secrets([key])
    assert "https://x.example/" in botobs_capture.tree()


def test_a_search_that_would_prove_nothing_fails(botobs_capture: Capture) -> None:
    with pytest.raises(AssertionError, match="nothing was recorded"):
        botobs_capture.assert_no_secrets([CANARY])
    in_log()
    with pytest.raises(ValueError, match="no canary was given"):
        botobs_capture.assert_no_secrets([])
    with pytest.raises(ValueError, match="a canary has 3 characters"):
        botobs_capture.assert_no_secrets(["abc"])
