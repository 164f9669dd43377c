"""Logging that fails: what is printed of it, and records that are none."""

from __future__ import annotations

import logging
import sys
from typing import Any

from tests.support.same.scene import Scene


def what_is_printed_of_a_failure(scene: Scene) -> Any:
    logger = logging.getLogger("printing")
    handler = logging.StreamHandler(sys.stdout)
    logger.addHandler(handler)
    logger.warning("wrong %d", "x")
    logger.warning("too %s %s", "few")
    logger.removeHandler(handler)


class _Slots:
    """A record of few fields, which has no `__dict__`."""

    __slots__ = ("exc_info", "exc_text", "levelname", "levelno", "msg", "name", "stack_info")

    def __init__(self, name: str) -> None:
        self.name, self.levelno, self.levelname, self.msg = name, 30, "WARNING", "a slot"
        self.exc_info = self.exc_text = self.stack_info = None


def records_that_are_none(scene: Scene) -> Any:
    class Noting(logging.Handler):
        def emit(self, record: Any) -> None:
            scene.note(type(record).__name__)

    def makes(made: Any) -> Any:
        return lambda name, *_, **__: made if name == logger.name else logging.LogRecord(name, *_, **__)

    logger = logging.getLogger("odd")
    logger.propagate = False
    logger.addHandler(Noting())
    factory = logging.getLogRecordFactory()
    try:
        for made in (_Slots("odd"), None, 5):
            logging.setLogRecordFactory(makes(made))
            scene.attempt(lambda: logger.warning("x"))
    finally:
        logging.setLogRecordFactory(factory)
        logger.propagate = True
