from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from loguru import logger as loguru_logger
from opentelemetry.trace import Span

from botobs._sdk.instrument.logs.loguru import LoguruInstrumentation
from botobs._sdk.instrument.logs.structlog import StructlogInstrumentation
from botobs._sdk.settings import Settings
from tests.support.telemetry import Recorder

SECRET = "hunter2-hunter2"


#: The service's own handlers get records without secrets.
LOCAL = Settings(service_name="engine", redact_local_logs=True)


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return Recorder(getattr(request, "param", Settings(service_name="engine")))


@pytest.fixture
def structlog_output() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def loguru_output() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    loguru_logger.remove()
    sink = loguru_logger.add(stream, format="{message} {extra}", backtrace=True, diagnose=True, colorize=True)
    yield stream
    loguru_logger.remove(sink)


def ids(span: Span) -> dict[str, str]:
    context = span.get_span_context()
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}", "service": "engine"}


def test_structlog_events_name_their_trace(recorder: Recorder, structlog_output: io.StringIO) -> None:
    before: Any = structlog.get_logger().bind(bot=7)
    with recorder.telemetry.tracer("test").start_as_current_span("turn") as span:
        for _ in range(2):
            with recorder.watching(StructlogInstrumentation()):
                before.info("placed", amount=1.5)
            before.info("without")
    lines = [json.loads(line) for line in structlog_output.getvalue().splitlines()]
    assert (
        lines
        == [{"event": "placed", "amount": 1.5, "bot": 7, **ids(span)}, {"event": "without", "bot": 7}] * 2
    )


@pytest.mark.parametrize("recorder", [LOCAL], indirect=True)
def test_structlog_events_hold_no_secrets(recorder: Recorder, structlog_output: io.StringIO) -> None:
    with recorder.watching(StructlogInstrumentation()):
        logger: Any = structlog.get_logger().bind(password=SECRET)
        logger.info(f"token={SECRET}", api_key=SECRET, headers={"Authorization": SECRET})
        try:
            raise ValueError(f"password: {SECRET}")
        except ValueError:
            logger.exception("failed")
    assert len(structlog_output.getvalue().splitlines()) == 2
    assert SECRET not in structlog_output.getvalue()


def test_structlog_on_logging_keeps_its_shape(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    try:
        with recorder.watching(StructlogInstrumentation()), caplog.at_level(logging.INFO):
            structlog.get_logger("bots").info("placed", bot=7)
    finally:
        structlog.reset_defaults()
    assert caplog.records[0].msg == {"event": "placed", "bot": 7, "service": "engine"}


def test_loguru_records_name_their_trace(recorder: Recorder, loguru_output: io.StringIO) -> None:
    with recorder.telemetry.tracer("test").start_as_current_span("turn") as span:
        for _ in range(2):
            with recorder.watching(LoguruInstrumentation()):
                loguru_logger.bind(bot=7).info("placed")
            loguru_logger.info("without")
    assert loguru_output.getvalue().splitlines() == [f"placed { ({'bot': 7} | ids(span)) }", "without {}"] * 2


@pytest.mark.parametrize("recorder", [LOCAL], indirect=True)
def test_loguru_records_hold_no_secrets(recorder: Recorder, loguru_output: io.StringIO) -> None:
    with recorder.watching(LoguruInstrumentation()):
        loguru_logger.bind(api_key=SECRET).info("token={}", SECRET)
        password = SECRET
        try:
            raise ValueError(f"password: {password}")
        except ValueError:
            loguru_logger.exception("failed")
    assert "ValueError" in loguru_output.getvalue()
    assert SECRET not in loguru_output.getvalue()


@pytest.mark.parametrize("recorder", [LOCAL], indirect=True)
def test_loguru_serializes_no_secrets(recorder: Recorder) -> None:
    stream = io.StringIO()
    loguru_logger.remove()
    sink = loguru_logger.add(stream, serialize=True)
    with recorder.watching(LoguruInstrumentation()):
        try:
            raise ValueError(f"password: {SECRET}")
        except ValueError:
            loguru_logger.exception("failed")
    loguru_logger.remove(sink)
    assert "ValueError" in stream.getvalue()
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("recorder", [LOCAL], indirect=True)
def test_loguru_keeps_the_patchers_of_the_service(recorder: Recorder, loguru_output: io.StringIO) -> None:
    with recorder.watching(LoguruInstrumentation()):
        loguru_logger.patch(lambda record: record["extra"].update(token=SECRET, desk=1)).info("patched")
    assert "'desk': 1" in loguru_output.getvalue()
    assert SECRET not in loguru_output.getvalue()


def test_what_the_service_prints_stays_as_it_is(
    recorder: Recorder, structlog_output: io.StringIO, loguru_output: io.StringIO
) -> None:
    with recorder.watching(StructlogInstrumentation()), recorder.watching(LoguruInstrumentation()):
        structlog.get_logger().info(f"token={SECRET}", nonce=17, order="0x" + "ab" * 32)
        loguru_logger.bind(sign=-1).info(f"token={SECRET}")
    assert json.loads(structlog_output.getvalue()) == {
        "event": f"token={SECRET}",
        "nonce": 17,
        "order": "0x" + "ab" * 32,
        "service": "engine",
    }
    assert f"token={SECRET}" in loguru_output.getvalue()
    assert "'sign': -1" in loguru_output.getvalue()
