from __future__ import annotations

import copy
import io
import json
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.trace import Span

from botobs._sdk.instrument.logs.logging import ConsoleFormatter, JsonFormatter, LoggingInstrumentation
from botobs._sdk.settings import Settings
from tests.support.telemetry import Recorder

SECRET = "hunter2-hunter2"


#: The service's own handlers get records without secrets.
LOCAL = Settings(service_name="engine", redact_keys=("desk",), redact_local_logs=True)


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return Recorder(getattr(request, "param", Settings(service_name="engine", redact_keys=("desk",))))


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What the logger `bots` prints as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("bots")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)


@pytest.fixture
def span(recorder: Recorder) -> Iterator[Span]:
    with (
        recorder.watching(LoggingInstrumentation()),
        recorder.telemetry.tracer("test").start_as_current_span("turn") as span,
    ):
        yield span


def ids(span: Span) -> dict[str, str]:
    context = span.get_span_context()
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def test_a_record_names_trace_span_and_service(span: Span, output: io.StringIO) -> None:
    logging.getLogger("bots").info("order %s of %d", "placed", 7)
    line = json.loads(output.getvalue())
    line.pop("timestamp")
    assert line == {
        "level": "info",
        "logger": "bots",
        "message": "order placed of 7",
        "service": "engine",
        **ids(span),
    }


def test_a_format_of_the_service_may_name_the_fields(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    formatter = logging.Formatter("%(trace_id)s|%(span_id)s|%(service)s|%(message)s")
    with recorder.watching(LoggingInstrumentation()), caplog.at_level(logging.INFO):
        logging.getLogger("outside").info("hello")
    assert formatter.format(caplog.records[0]) == "||engine|hello"


def test_a_field_of_the_service_wins(span: Span, output: io.StringIO) -> None:
    logging.getLogger("bots").info("mine", extra={"trace_id": "own", "bot": 3})
    line = json.loads(output.getvalue())
    assert (line["trace_id"], line["bot"]) == ("own", 3)


@pytest.mark.parametrize("recorder", [LOCAL], indirect=True)
def test_secrets_are_taken_out_of_every_part(span: Span, output: io.StringIO) -> None:
    logger = logging.getLogger("bots")
    logger.info(f"api_key={SECRET}")
    logger.info("signed %s", f"https://user:{SECRET}@exchange.test/order?signature={SECRET}")
    logger.info("headers %(all)s", {"all": {"X-MBX-APIKEY": SECRET}})
    logger.info("extra", extra={"password": SECRET, "desk": SECRET, "nested": {"token": SECRET}})
    logger.info({"password": SECRET})
    logger.error(ValueError(f"password: {SECRET}"))
    logger.info("of an object", extra={"error": ValueError(f"signature={SECRET}")})
    try:
        raise ValueError(f"password: {SECRET}")
    except ValueError:
        logger.exception("failed")
        logger.info("again", exc_info=True)
    assert len(output.getvalue().splitlines()) == 9
    assert "ValueError" in output.getvalue()
    assert SECRET not in output.getvalue()


@pytest.mark.parametrize("recorder", [LOCAL], indirect=True)
def test_secrets_do_not_come_out_of_a_broken_format(span: Span, capsys: pytest.CaptureFixture[str]) -> None:
    # Outside of the hierarchy: pytest's own handlers raise what others print.
    logger = logging.Logger("loose")
    logger.addHandler(logging.StreamHandler())
    logger.info(f"%d of password={SECRET}", f"token={SECRET}")
    printed = capsys.readouterr().err
    assert "TypeError" in printed
    assert SECRET not in printed


def test_message_and_arguments_stay_apart_when_they_are_harmless(
    span: Span, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("plain").info("order %s", "placed")
    assert (caplog.records[0].msg, caplog.records[0].args) == ("order %s", ("placed",))


def test_records_are_left_alone_after(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with recorder.watching(LoggingInstrumentation()):
            logging.getLogger("x").warning("within")
        logging.getLogger("x").warning("without")
    assert [hasattr(record, "trace_id") for record in caplog.records] == [True, False, True, False]


def test_the_console_shows_the_trace(span: Span, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("bots.x").warning("careful")
    line = ConsoleFormatter().format(caplog.records[0])
    assert line.endswith(f"WARNING  bots.x: careful trace_id={ids(span)['trace_id']}")


def test_the_services_handlers_get_what_it_has_logged(span: Span) -> None:
    """With secrets, objects and exceptions as they are; the ids are all that is added."""
    records: list[logging.LogRecord] = []
    logger = logging.Logger("own", logging.DEBUG)
    # Handlers that print an exception leave its text on the record.
    logger.addFilter(lambda record: records.append(copy.copy(record)) or True)  # type: ignore[func-returns-value]
    error = ValueError(f"password: {SECRET}")
    argument, field = {"apiKey": SECRET}, [SECRET]
    try:
        raise error
    except ValueError:
        logger.exception(f"token={SECRET} %s", argument, extra={"password": field}, stack_info=True)
    logger.error(error)
    first, second = records
    assert (first.msg, first.args, vars(first)["password"]) == (f"token={SECRET} %s", argument, field)
    assert first.args is argument
    assert vars(first)["password"] is field
    assert first.exc_info is not None
    assert first.exc_info[1] is error
    assert first.exc_text is None
    assert second.msg is error
    plain = logging.makeLogRecord({}).__dict__.keys()
    assert vars(first).keys() - plain - {"taskName"} == {"trace_id", "span_id", "service", "password"}
