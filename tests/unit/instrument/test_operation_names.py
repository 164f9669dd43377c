"""Names stay bounded whatever SQL is generated, and operations that are used still get a series."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy
from sqlalchemy import text

from botobs._sdk.instrument.databases._operation_names import OperationNames
from botobs._sdk.instrument.databases.sqlalchemy import SQLAlchemyInstrumentation
from botobs._sdk.settings import Settings
from tests.support.telemetry import Recorder

LIMIT = Settings().series_limit


def letters(number: int) -> str:
    """A name that looks like any other."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def by_uuid(number: int) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex


def by_date(number: int) -> str:
    return f"{2000 + number // 360}_{number // 30 % 12 + 1:02}_{number % 30 + 1:02}"


@pytest.fixture
def names(recorder: Recorder) -> OperationNames:
    return OperationNames(recorder.telemetry)


def flood(names: OperationNames, made_up: Callable[[int], str], uses: int = 1) -> set[str]:
    seen = set()
    for number in range(3000):
        for operation, command in (("CREATE", "CREATE TABLE"), ("INSERT", "INSERT"), ("DROP", "DROP TABLE")):
            for _ in range(uses):
                seen.add(names.name(operation, f"{command} tmp_{made_up(number)}"))
    return seen


@pytest.mark.parametrize("made_up", [by_uuid, by_date, str, letters])
@pytest.mark.parametrize("uses", [1, 2, 5])
def test_names_are_few(names: OperationNames, made_up: Callable[[int], str], uses: int) -> None:
    assert len(flood(names, made_up, uses)) <= LIMIT // 4 + 3


@pytest.mark.parametrize("made_up", [by_uuid, by_date, str])
def test_a_new_operation_has_its_name_after_a_flood_of_numbers(
    names: OperationNames, made_up: Callable[[int], str]
) -> None:
    seen = flood(names, made_up)
    assert len(seen) <= 3 * 21 + 3
    assert "INSERT tmp_?" in seen
    assert names.name("SELECT", "SELECT positions") == "SELECT positions"


def test_a_new_operation_has_its_name_after_a_flood_of_letters(names: OperationNames) -> None:
    flood(names, letters)
    reported = [names.name("SELECT", "SELECT positions") for _ in range(4)]
    assert reported == ["SELECT", "SELECT", "SELECT positions", "SELECT positions"]


def test_a_few_numbers_are_kept(names: OperationNames) -> None:
    summaries = [f"SELECT candles_{minutes}m" for minutes in (1, 5, 15, 60)]
    assert [names.name("SELECT", summary) for summary in summaries] == summaries


def test_what_is_no_sql_has_no_name(names: OperationNames) -> None:
    assert names.name("", "") == ""


def test_spans_and_metrics_have_the_bounded_name(recorder: Recorder) -> None:
    settings = Settings(series_limit=80)
    recorder = Recorder(settings)
    engine = sqlalchemy.create_engine("sqlite://")
    with recorder.watching(SQLAlchemyInstrumentation()), engine.connect() as connection:
        for number in range(50):
            connection.execute(text(f"CREATE TEMP TABLE tmp_{number} (a int)"))
    engine.dispose()
    summaries = {
        attributes["db.query.summary"] for attributes, _ in recorder.points("db.client.operation.duration")
    }
    assert summaries == {*(f"CREATE TABLE tmp_{number}" for number in range(10)), "CREATE TABLE tmp_?"}
    assert {span.name for span in recorder.spans()} == summaries
    texts = {(span.attributes or {})["db.query.text"] for span in recorder.spans()}
    assert "CREATE TEMP TABLE tmp_49 (a int)" in texts
