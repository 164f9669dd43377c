"""Log records reach the collector where the settings ask for it: each once, without secrets, bounded and counted."""

from __future__ import annotations

import contextvars
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import loguru
import pytest
import structlog
from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

import botobs
from botobs._sdk.export.priority import Priority
from testbed.otlp_receiver import OtlpReceiver, Reply, attributes

Init = Callable[..., botobs.Handle]
PROGRAMS = Path(__file__).parent / "programs"
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)]
logger = logging.getLogger("shop.till")
SECRET = "cAnArY" + "vmPUZE6mv9SD5VNHk4HlWFsOr6Iy6utIco14y7Ju91duEh8A"


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(logging.NOTSET)
    structlog.reset_defaults()


def everything(init: Init, **arguments: Any) -> botobs.Handle:
    return init(
        disabled_instrumentations=[], logs=True, span_interval=3600, metric_interval=3600, **arguments
    )


def bodies(receiver: OtlpReceiver) -> list[str]:
    return [record.body.string_value for record in receiver.logs]


def test_none_leaves_unless_asked_for(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(disabled_instrumentations=[])
    logger.error("kept here")
    handle.flush()
    assert "/v1/logs" not in {request.path for request in receiver.requests}
    assert receiver.last_value("botobs.sdk.exported", signal="logs") is None


def test_a_record_has_its_trace_level_place_and_fields(init: Init, receiver: OtlpReceiver) -> None:
    handle = everything(init)
    with botobs.span("selling") as current:
        logger.warning("%s sold", 3, extra={"bot": "b1", "prices": [1.5, 2], "object": object})
    assert handle.flush()
    (record,) = receiver.logs
    context = current.get_span_context()
    assert record.trace_id == context.trace_id.to_bytes(16, "big")
    assert record.span_id == context.span_id.to_bytes(8, "big")
    assert (record.body.string_value, record.severity_number, record.severity_text) == (
        "3 sold",
        13,
        "WARNING",
    )
    found = attributes(record)
    assert found["bot"] == "b1"
    assert found["prices"] == [1.5, 2]
    assert found["object"] == str(object)
    assert found["code.file.path"] == __file__
    assert "trace_id" not in found
    handle.flush()
    assert receiver.last_value("botobs.sdk.exported", signal="logs") == 1


def test_levels_filters_and_own_handlers_are_the_services(init: Init, receiver: OtlpReceiver) -> None:
    handle = everything(init)
    logger.setLevel(logging.INFO)
    logger.addFilter(lambda record: "quiet" not in record.msg)
    logger.propagate = False
    try:
        logger.debug("below")
        logger.info("quiet")
        logger.info("heard")
    finally:
        logger.filters.clear()
        logger.propagate = True
    handle.flush()
    assert bodies(receiver) == ["heard"]


def test_the_root_logger_stays_as_it_is(init: Init) -> None:
    before = list(logging.getLogger().handlers)
    everything(init)
    assert logging.getLogger().handlers == before
    assert botobs.shutdown()
    assert not hasattr(logging.Logger.callHandlers, "__wrapped__")


def test_structlog_and_loguru_are_exported_once(init: Init, receiver: OtlpReceiver) -> None:
    handle = everything(init)
    # The start wakes the exporter; what comes before it has looked would leave in a request of its own.
    handle.flush()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory())
    structlog.get_logger().bind(bot="b1").warning("printed", price=2)
    structlog.configure(
        logger_factory=structlog.stdlib.LoggerFactory(),
        processors=[structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.get_logger("shop.till").warning("handed over")

    class ToStandard(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logging.getLogger(record.name).handle(record)

    sink = loguru.logger.add(ToStandard(), format="{message}")
    loguru.logger.bind(bot="b2").error("by loguru")
    loguru.logger.remove(sink)

    class ToLoguru(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            loguru.logger.log(record.levelname, record.getMessage())

    intercepting = ToLoguru()
    logger.addHandler(intercepting)
    logger.error("by the standard library")
    logger.removeHandler(intercepting)
    handle.flush()
    # The queue gives the most important first.
    assert bodies(receiver) == ["by loguru", "by the standard library", "printed", "handed over"]
    first, _, printed, _ = map(attributes, receiver.logs)
    assert (first["bot"], printed["bot"], printed["price"]) == ("b2", "b1", 2)


def test_our_own_records_beget_none(init: Init, receiver: OtlpReceiver) -> None:
    handle = everything(init)
    for name in ("botobs", "botobs.trading", "opentelemetry.sdk"):
        logging.getLogger(name).error("about the export")
    handle.flush()
    assert bodies(receiver) == []


def test_no_secret_leaves(init: Init, receiver: OtlpReceiver) -> None:
    # Without the instrumentation's own redaction the export still has one.
    handle = everything(init, redact=["hunter2"])
    # loguru does nothing for a logger without a sink.
    sink = loguru.logger.add(io.StringIO())
    logger.warning(
        "apiKey=%s hunter2", SECRET, extra={"secret": SECRET, "nested": {"headers": {"token": SECRET}}}
    )
    logger.error({"password": SECRET})
    try:
        raise ValueError(f"signature={SECRET} hunter2")
    except ValueError:
        logger.exception("failed for https://user:%s@host/?token=%s", SECRET, SECRET)
        loguru.logger.exception("failed with token={}", SECRET)
        structlog.get_logger().error("failed", api_key=SECRET, exc_info=True)
    logger.error("key", extra={"private_key": SECRET.encode()})
    loguru.logger.remove(sink)
    handle.flush()
    assert len(receiver.logs) == 6
    assert b"cAnArY" not in receiver.raw
    assert b"hunter2" not in receiver.raw


def test_in_an_outage_errors_survive_and_losses_are_counted(init: Init, receiver: OtlpReceiver) -> None:
    handle = everything(init, queue_bytes=20_000)
    receiver.reply = Reply(503)
    logger.error("of importance")
    for number in range(100):
        logger.debug("noise %d", number)
    # What was added last is counted when it is sorted, by the export thread or by those that log too much.
    handle._pipeline.log_queue.sort()
    assert handle._pipeline.log_queue.bytes <= 20_000
    assert handle.counts.dropped["logs", Priority.BULK, "queue_full"] > 0
    receiver.reply = Reply()
    assert handle.flush()
    assert bodies(receiver)[0] == "of importance"
    assert len(receiver.logs) + handle.counts.dropped["logs", Priority.BULK, "queue_full"] == 101


def test_the_spool_keeps_them(init: Init, receiver: OtlpReceiver, tmp_path: Any) -> None:
    handle = everything(init, spool_dir=tmp_path / "spool")
    receiver.reply = Reply(503)
    logger.error("before the restart")
    handle.shutdown()
    receiver.reply = Reply()
    everything(init, spool_dir=tmp_path / "spool").flush()
    assert bodies(receiver) == ["before the restart"]


def test_the_last_words_of_a_process_arrive(start: Callable[..., Any], receiver: OtlpReceiver) -> None:
    process = start(
        PROGRAMS / "one_record.py",
        BOTOBS_LOGS="true",
        BOTOBS_DISABLED_INSTRUMENTATIONS="",
        BOTOBS_SPAN_INTERVAL="60",
    )
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert bodies(receiver) == ["out of margin"]


def test_every_record_is_exported_whatever_is_open_when_it_is_written(
    init: Init, receiver: OtlpReceiver
) -> None:
    """Of a driver while a database operation is open, of an HTTP library of the service's, of a handler's own task."""
    handle = everything(init)
    late: list[contextvars.Context] = []

    class Starting(logging.Handler):
        """Starts what goes on after it, in its own context, as handlers that send asynchronously do."""

        def emit(self, record: logging.LogRecord) -> None:
            late.append(contextvars.copy_context())

    logger.addHandler(starting := Starting())
    token = context.attach(context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    logger.error("while suppressed")
    context.detach(token)
    logger.removeHandler(starting)
    late[0].run(logger.error, "from the handler's task")
    logging.getLogger("urllib3.connectionpool").error("of the service's own requests")
    handle.flush()
    assert bodies(receiver) == [
        "while suppressed",
        "from the handler's task",
        "of the service's own requests",
    ]


def test_structlogs_context_and_exceptions_are_exported(init: Init, receiver: OtlpReceiver) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(io.StringIO()))
    handle = everything(init)
    try:
        with structlog.contextvars.bound_contextvars(bot="b7"):
            try:
                raise ValueError("gone")
            except ValueError:
                structlog.get_logger().exception("failed", n=1)
        structlog.get_logger().error("given", exc_info=KeyError("k"))
    finally:
        structlog.reset_defaults()
    handle.flush()
    first, second = (attributes(record) for record in receiver.logs)
    assert (first["bot"], first["n"], first["exception.type"]) == ("b7", 1, "ValueError")
    assert "ValueError: gone" in first["exception.stacktrace"]
    assert second["exception.type"] == "KeyError"
