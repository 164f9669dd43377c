from __future__ import annotations

import gc
import sqlite3
from contextvars import copy_context
from typing import Any

import pytest
import sqlalchemy
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from sqlalchemy import event, text

from botobs._sdk.instrument.databases.sqlalchemy import SQLAlchemyInstrumentation
from botobs._sdk.instrument.suppression import OpenOperation, enter, is_heard, silence
from tests.support.telemetry import Recorder


def in_a_context_of_its_own(check: Any) -> None:
    copy_context().run(check)


def test_an_open_operation_silences_and_a_finished_one_does_not() -> None:
    def check() -> None:
        operation = OpenOperation()
        enter(operation)
        assert not is_heard()
        operation.finished = True
        assert is_heard()

    in_a_context_of_its_own(check)


def test_a_lost_operation_does_not_silence_for_ever() -> None:
    def check() -> None:
        enter(OpenOperation())
        gc.collect()
        assert is_heard()

    in_a_context_of_its_own(check)


def test_housekeeping_is_silent() -> None:
    with silence():
        assert not is_heard()
    assert is_heard()


@pytest.mark.parametrize("statement", ["SELECT heard()", "SELECT heard() FROM nowhere"])
def test_a_driver_under_sqlalchemy_is_silent_until_the_statement_ends(
    recorder: Recorder, statement: str
) -> None:
    heard: list[bool] = []
    engine = sqlalchemy.create_engine("sqlite://")

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.create_function("heard", 0, lambda: heard.append(is_instrumentation_enabled()))

    with recorder.watching(SQLAlchemyInstrumentation()), engine.connect() as connection:
        if statement.endswith("nowhere"):
            with pytest.raises(sqlalchemy.exc.OperationalError):
                connection.execute(text(statement))
        else:
            connection.execute(text(statement))
            assert heard == [False]
        assert is_heard()
    engine.dispose()
    assert len(recorder.spans()) == 1
