"""Python 3.15: the unit tests of what runs in a service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import pythons


@pytest.mark.parametrize("part", pythons.PARTS)
def test_the_tests_of_a_part(part: str, record_property: Callable[[str, object], None]) -> None:
    pythons.passes("3.15", part, record_property)
