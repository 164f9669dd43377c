"""Logging: the standard library as services configure it, structlog, loguru."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import logging.handlers
import pickle
import queue
import sys
import warnings
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from tests.support.same.scene import Scene, seen_of

Fill = namedtuple("Fill", "price amount")


@contextmanager
def _restored() -> Iterator[logging.Logger]:
    """The root logger, whose handlers and level are what they were afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield root
    finally:
        for handler in set(root.handlers) - set(handlers):
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


class _Keeping(logging.Handler):
    """Keeps records as objects."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def dictionary_of_a_configuration(scene: Scene) -> Any:
    with _restored():
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {
                    "plain": {"format": "%(levelname)s|%(name)s|%(message)s|%(funcName)s:%(lineno)d"}
                },
                "handlers": {
                    "console": {
                        "class": "logging.StreamHandler",
                        "formatter": "plain",
                        "stream": "ext://sys.stdout",
                    },
                    "file": {
                        "class": "logging.handlers.RotatingFileHandler",
                        "formatter": "plain",
                        "filename": "app.log",
                        "maxBytes": 100,
                        "backupCount": 2,
                    },
                },
                "loggers": {"app.quiet": {"level": "ERROR", "propagate": False, "handlers": ["file"]}},
                "root": {"level": "INFO", "handlers": ["console", "file"]},
            }
        )
        for name in ("app", "app.quiet", "app.quiet.deep"):
            logger = logging.getLogger(name)
            logger.info("information of %s", name)
            logger.error("fault number %d", 5)
        scene.note(len(logging.getLogger().handlers))
    scene.note(sorted((path.name, path.read_text()) for path in scene.folder.glob("app.log*")))


def configuration_after_the_start(scene: Scene) -> Any:
    with _restored() as root:
        root.handlers.clear()
        scene.note(root.hasHandlers())
        logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
        logging.info("hidden")
        logging.warning("shown %s", "here")
        scene.note(len(root.handlers))


def no_configuration(scene: Scene) -> Any:
    with _restored() as root:
        root.handlers.clear()
        logging.getLogger("lonely").warning("to the last resort")
        logging.getLogger("lonely").info("nowhere")


def queue_of_records(scene: Scene) -> Any:
    kept, waiting = _Keeping(), queue.Queue[logging.LogRecord]()
    listener = logging.handlers.QueueListener(waiting, kept)
    logger = logging.getLogger("queued")
    handler = logging.handlers.QueueHandler(waiting)
    logger.addHandler(handler)
    listener.start()
    try:
        divmod(1, 0)
    except ZeroDivisionError:
        logger.exception("failed with %s", Decimal("1.5"), extra={"order": {"id": 5}})
    listener.stop()
    logger.removeHandler(handler)
    scene.note([seen_of(record) for record in kept.records])


def the_same_objects(scene: Scene) -> Any:
    kept, logger = _Keeping(), logging.getLogger("objects")
    logger.addHandler(kept)
    arguments: dict[Any, Any] = {"fill": Fill(Decimal("1.5"), 2), 5: b"bytes"}
    error = ValueError("api_key=abcdefabcdefabcdefabcdef012345")
    itself: list[Any] = []
    itself.append(itself)
    logger.warning(
        error, extra={"fill": arguments["fill"], "wire": arguments, "itself": itself, "error": error}
    )
    logger.warning("%(fill)s", arguments)
    logger.removeHandler(kept)
    first, second = kept.records
    scene.note(first.msg is error, vars(first)["fill"] is arguments["fill"], vars(first)["wire"] is arguments)
    scene.note(vars(first)["itself"] is itself, vars(first)["error"] is error, second.args is arguments)
    scene.note(kept.format(first), kept.format(second), vars(first)["fill"].price)


def filters_that_change_records(scene: Scene) -> Any:
    logger, kept = logging.getLogger("filtered"), _Keeping()

    class Change(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.msg = f"changed: {record.getMessage()}"
            record.args = ()
            record.__dict__["stamp"] = record.levelno
            return "drop" not in record.msg

    change = Change()
    logger.addFilter(change)
    logger.addHandler(kept)
    logger.warning("keep %s", 1)
    logger.warning("drop %s", 2)
    logger.removeFilter(change)
    logger.removeHandler(kept)
    return [seen_of(record)["msg"] for record in kept.records]


def fields_of_all_names(scene: Scene) -> Any:
    logger = logging.getLogger("fields")
    scene.attempt(lambda: logger.warning("reserved", extra={"message": 1}))
    scene.attempt(lambda: logger.warning("reserved", extra={"name": 1}))
    logger.warning("its own", extra={"trace_id": "mine", "span_id": 7, "service": None})
    adapter = logging.LoggerAdapter(logger, {"bot": "b-1"})
    adapter.error("adapted", exc_info=ValueError("given"))
    logger.warning("stack", stack_info=True)


def who_has_called(scene: Scene) -> Any:
    logger = logging.getLogger("callers")

    def helper(level: int) -> None:
        logger.warning("from the helper", stacklevel=level)

    def caller() -> None:
        for level in (1, 2, 3):
            helper(level)

    caller()
    logger.log(25, "a level of its own")
    logger.handle(logging.makeLogRecord({"msg": "made by hand", "levelno": 30, "levelname": "WARNING"}))


def classes_of_its_own(scene: Scene) -> Any:
    class Mine(logging.Logger):
        def makeRecord(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
            record = super().makeRecord(*args, **kwargs)
            record.__dict__["made"] = type(self).handle is logging.Logger.handle
            return record

        def callHandlers(self, record: logging.LogRecord) -> None:
            scene.note("mine", record.getMessage())
            super().callHandlers(record)

    before = logging.getLoggerClass()
    logging.setLoggerClass(Mine)
    logging.getLogger("of.my.class").warning("hello")
    logging.setLoggerClass(before)
    factory = logging.getLogRecordFactory()

    def mine(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        record.__dict__["trace_id"] = "of the factory"
        return record

    logging.setLogRecordFactory(mine)
    logging.getLogger("factory").warning("hello")
    logging.setLogRecordFactory(factory)


def handlers_that_fail(scene: Scene) -> Any:
    class Failing(logging.StreamHandler[Any]):
        def format(self, record: logging.LogRecord) -> str:
            raise KeyError("format")

        def handleError(self, record: logging.LogRecord) -> None:
            scene.note(sys.exc_info()[1])

    class Raising(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("disk")

    logger = logging.getLogger("failing")
    for handler in (Failing(), Raising()):
        logger.addHandler(handler)
        scene.attempt(lambda: logger.warning("text"))
        logger.removeHandler(handler)
    plain = logging.StreamHandler(sys.stdout)
    plain.handleError = lambda _: scene.note(sys.exc_info()[1])  # type: ignore[method-assign, assignment]
    logger.addHandler(plain)
    logger.warning("wrong %d", "x")
    logger.warning("too %s %s", "few")
    logger.removeHandler(plain)


def memory_and_sockets(scene: Scene) -> Any:
    target = _Keeping()
    memory = logging.handlers.MemoryHandler(10, logging.ERROR, target)
    logger = logging.getLogger("memory")
    logger.addHandler(memory)
    logger.info("one")
    scene.note(len(target.records))
    logger.error("two", extra={"fill": Fill(1, 2)})
    scene.note(len(target.records))
    logger.removeHandler(memory)
    memory.close()
    remote = logging.handlers.SocketHandler("127.0.0.1", 1)
    scene.note(pickle.loads(remote.makePickle(target.records[1])[4:])["fill"])
    remote.close()


def warnings_as_records(scene: Scene) -> Any:
    logging.captureWarnings(True)
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    logging.captureWarnings(False)
    warnings.warn("new", UserWarning, stacklevel=1)


def exceptions_in_records(scene: Scene) -> Any:
    logger = logging.getLogger("exceptions")

    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise Broken from inner
    except Broken as error:
        logger.exception("broken")
        logger.error("group", exc_info=ExceptionGroup("some", [error, ValueError(1)]))
        logger.error("triple", exc_info=(type(error), error, None))
    logger.removeHandler(handler)
    return stream.getvalue()


def levels_and_switches(scene: Scene) -> Any:
    logger = logging.getLogger("levels")
    logging.disable(logging.WARNING)
    logger.warning("hidden")
    logger.critical("shown")
    logging.disable(logging.NOTSET)
    logging.addLevelName(15, "FINE")
    logger.log(15, "fine")
    logging._levelToName.pop(15)
    logging._nameToLevel.pop("FINE")
    logger.setLevel(logging.ERROR)
    scene.note(logger.isEnabledFor(logging.WARNING), logger.getEffectiveLevel())
    logger.setLevel(logging.NOTSET)
    logger.disabled = True
    logger.error("disabled")
    logger.disabled = False
    scene.attempt(lambda: logger.log("high", "x"))  # type: ignore[arg-type]


def structured(scene: Scene) -> Any:
    import structlog

    stream = io.StringIO()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _noting(scene),
            structlog.processors.JSONRenderer(sort_keys=True, default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    with structlog.contextvars.bound_contextvars(bot="b-1"):
        logger = structlog.get_logger().bind(symbol="BTC/USDT")
        logger.info("decided", price=Decimal("1.5"), fill=Fill(1, 2))
        try:
            divmod(1, 0)
        except ZeroDivisionError:
            logger.exception("failed")
    structlog.get_logger().new().debug("plain")
    structlog.reset_defaults()
    return [
        {
            key: value
            for key, value in json.loads(line).items()
            if key not in ("trace_id", "span_id", "service")
        }
        for line in stream.getvalue().splitlines()
    ]


def structured_with_the_place_of_the_call(scene: Scene) -> Any:
    import structlog

    found = structlog.processors.CallsiteParameter
    adder = structlog.processors.CallsiteParameterAdder([found.FUNC_NAME, found.MODULE, found.LINENO])
    structlog.configure(
        processors=[adder, _noting(scene), structlog.processors.JSONRenderer(default=str)],
        logger_factory=structlog.PrintLoggerFactory(io.StringIO()),
    )
    structlog.get_logger().info("called here")
    structlog.get_logger().bind(a=1).warning("and here")
    structlog.reset_defaults()


def _noting(scene: Scene) -> Any:
    """A processor that notes events."""

    def note(_logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
        scene.note(name, event)
        return event

    return note


def structured_over_the_standard_library(scene: Scene) -> Any:
    import structlog

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    structlog.get_logger("structured").warning("hello %s", "you", order=5)
    structlog.reset_defaults()


def loguru_sinks(scene: Scene) -> Any:
    from loguru import logger

    logger.remove()
    text, messages = io.StringIO(), []
    first = logger.add(text, format="{level}|{name}|{function}:{line}|{message}", backtrace=False)
    second = logger.add(
        lambda message: messages.append(message.record["message"]), serialize=True, level="WARNING"
    )
    bound = logger.bind(order=5)
    bound.info("plain {}", 1)
    bound.patch(lambda record: scene.note(record["extra"])).info("patched")
    with logger.contextualize(bot="b-1"):
        logger.warning("price {price}", price=Decimal("1.5"))

    @logger.catch(reraise=True, message="caught")
    def fail() -> None:
        raise ValueError("failed")

    scene.attempt(fail)
    logger.opt(lazy=True).debug("lazy {}", lambda: 5)
    scene.attempt(lambda: logger.info("{missing}", other=1))
    logger.remove(first)
    logger.remove(second)
    scene.note(messages)
    return text.getvalue()


def loguru_to_the_standard_library(scene: Scene) -> Any:
    from loguru import logger

    class Propagate(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logging.getLogger(record.name).handle(record)

    logger.remove()
    number = logger.add(Propagate(), format="{message}")
    logger.warning("propagated")
    logger.remove(number)
