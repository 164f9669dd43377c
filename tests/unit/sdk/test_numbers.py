"""What counts as a number where a service measures something."""

from __future__ import annotations

import math
import numbers
import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from botobs._sdk.safe import number_of


@numbers.Complex.register
class SinglePrecision:
    """A complex number as NumPy's of 64 bits: no `complex`, and it warns when a part of it is lost."""

    def __float__(self) -> float:
        warnings.warn("the imaginary part is discarded", stacklevel=2)
        return 1.0


class Array:
    """As NumPy's of one item."""

    def __float__(self) -> float:
        return 1.5


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (True, 1),
        (10**300, 10**300),
        (1.5, 1.5),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (Array(), 1.5),
        (SinglePrecision(), None),
        (1j, None),
        ("1", None),
        (b"1", None),
        (math.nan, None),
        (-math.inf, None),
        (Decimal("sNaN"), None),
        (10**400, None),
        (None, None),
        (object(), None),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_number(given: Any, number: float | None) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert number_of(given) == number
    assert not warned
