"""Programs behave the same with botobs as without it; docs/same.md has what differs on purpose."""

from __future__ import annotations

import pytest

from tests.support.same.differences import DIFFERENCES, unexplained
from tests.support.same.workers import MODES, Workers, programs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("program", programs())
def test_a_program(workers: Workers, program: str, request: pytest.FixtureRequest, long: bool) -> None:
    url = request.getfixturevalue("postgres").url if program.startswith("postgres.") else ""
    # The lane `same` has all modes. A process runs all programs or none: what one leaves behind, the next finds.
    found = workers.differences(MODES if long else MODES[:1], program=program, postgres=url)
    assert not found, "\n".join(found)


def test_there_are_many() -> None:
    assert len(programs()) >= 100


@pytest.mark.parametrize(
    ("without", "with_it"),
    [
        ({"result": 5}, {"result": 6}),
        ({"notes": [1, 2]}, {"notes": [2, 1]}),
        ({"notes": [1]}, {"notes": [1, 1]}),
        ({"result": True}, {"result": 1.0}),
        ({"process": {"threads": ["a"]}}, {"process": {"threads": ["a", "b", "botobs-export"]}}),
        ({"process": {"hooks": {"at the end": 1}}}, {"process": {"hooks": {"at the end": 3}}}),
        ({"raised": None}, {"raised": {"type": "ValueError"}}),
        ({"frames": ["a.py f"]}, {"frames": ["a.py f", "b.py g", "botobs/_sdk/span.py h"]}),
    ],
)
def test_what_is_in_no_table_is_found(without: object, with_it: object) -> None:
    assert unexplained(without, with_it)[0]


def test_every_difference_of_the_table_is_seen(workers: Workers) -> None:
    """The table has nothing that no program shows."""
    for program in (
        "asynchronous.gathering",
        "databases.core",
        "logs.who_has_called",
        "logs.exceptions_in_records",
        "hostile.texts_of_objects_in_records",
        "inspection.standard_library",
        "web.with_requests",
    ):
        workers.differences(program=program)
    assert {each.what for each in DIFFERENCES} == {each.what for each in workers.used}
