"""Objects that raise, lie or never end when they are looked at, as some that services hand over do."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st


class Broken(Exception):
    """Its text is made of an attribute that is missing, as in some web frameworks' exceptions."""

    def __str__(self) -> str:
        return self.detail  # type: ignore[attr-defined,no-any-return]


class Secretive(Exception):
    """Raises whatever of it is looked at."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    __str__ = __repr__ = __getattribute__  # type: ignore[assignment]


class Endless(Exception):
    """Calls itself when it is to be printed."""

    def __str__(self) -> str:
        return str(self)


class Panic(BaseException):
    """No `Exception`, as panics of native extensions are none."""


class Panicking(Exception):
    """Its text panics."""

    def __str__(self) -> str:
        raise Panic


class WrongText(Exception):
    """Its text is no text."""

    def __str__(self) -> str:
        return 5  # type: ignore[return-value]


class Noted(Exception):
    """Its notes and causes cannot be read."""

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        raise RuntimeError("notes")

    @property
    def __cause__(self) -> BaseException:  # type: ignore[override]
        raise RuntimeError("cause")

    @property
    def args(self) -> Any:  # type: ignore[override]
        raise RuntimeError("args")


EXCEPTIONS = (Broken, Secretive, Endless, Panicking, WrongText, Noted)


class Row:
    """As of an ORM, detached from its session: printing it raises."""

    def __str__(self) -> str:
        raise RuntimeError("detached")

    __repr__ = __str__


class Nothing:
    """Raises at every operation that Python knows."""

    def _raise(self, *_: Any) -> Any:
        raise RuntimeError("no")

    __str__ = __repr__ = __len__ = __iter__ = __eq__ = __hash__ = __format__ = __bool__ = __float__ = _raise
    __int__ = __index__ = __getattr__ = __add__ = __radd__ = __lt__ = __le__ = __gt__ = __ge__ = _raise
    __getitem__ = __contains__ = __call__ = __enter__ = __exit__ = __next__ = __fspath__ = _raise


class Liar:
    """Says that it is a text."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return str


class LyingText(str):
    """A text whose methods say something else."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    def encode(self, *_: Any) -> Any:
        return 5

    def __len__(self) -> int:
        raise RuntimeError("no")

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        raise RuntimeError("no")

    def lower(self) -> str:
        raise RuntimeError("no")


class LyingNumber(int):
    """A number whose methods raise."""

    def __add__(self, _: object) -> Any:
        raise RuntimeError("no")

    __radd__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = __int__ = __add__  # type: ignore[assignment]


class BrokenMapping(Mapping[str, Any]):
    """A mapping that has a length and no items."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("iteration")

    def __len__(self) -> int:
        return 3


class Hidden:
    """Even its class cannot be asked for."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("class")


class PanickingText:
    """Its text panics."""

    def __str__(self) -> str:
        raise Panic

    __repr__ = __str__


class Pending:
    """An ORM's lazy object: whatever is asked of it goes to a database that is gone."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError(name)

    def __iter__(self) -> Iterator[Any]:
        raise ConnectionError("iteration")

    def __len__(self) -> int:
        raise ConnectionError("length")

    def __bool__(self) -> bool:
        raise ConnectionError("truth")


class LyingList(list[Any]):
    """A list whose methods do not tell what is in it."""

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("iteration")

    def __len__(self) -> int:
        return 1 << 40

    def __getitem__(self, _: Any) -> Any:
        return self


class LyingDict(dict[Any, Any]):
    """A dict whose methods raise or never end."""

    def items(self) -> Any:
        return ((str(number), number) for number in itertools.count())

    def keys(self) -> Any:
        raise RuntimeError("keys")

    def __iter__(self) -> Any:
        raise RuntimeError("iteration")

    def __bool__(self) -> bool:
        raise RuntimeError("truth")


class Price(Decimal):
    """A number that cannot be converted."""

    def __float__(self) -> float:
        raise RuntimeError("float")

    def __index__(self) -> int:
        raise RuntimeError("index")


class Ratio(float):
    """A number that compares and adds wrongly."""

    def __add__(self, _: object) -> Any:
        return "sum"

    __radd__ = __add__

    def __le__(self, _: object) -> bool:
        return True

    __ge__ = __lt__ = __gt__ = __le__


class Tick(NamedTuple):
    """A tuple with names."""

    price: Any
    amount: Any


def holding_itself() -> Exception:
    """An exception among its own arguments and causes."""
    error = ValueError()
    error.args = (error,)
    error.__cause__ = error
    return error


class Side(enum.Enum):
    """An enumeration."""

    BUY = "buy"


class Symbol(enum.StrEnum):
    """An enumeration of texts."""

    BTC = "BTC/USDT"


def itself_in_a_list() -> list[Any]:
    """A list that holds itself."""
    held: list[Any] = [1]
    held.append(held)
    return held


def itself_in_a_dict() -> dict[str, Any]:
    """A dict that holds itself, twice."""
    held: dict[str, Any] = {"a": 1}
    held["b"] = held["c"] = held
    return held


def laughs() -> list[Any]:
    """A list with 2 to the 40th items, in 40 lists."""
    held: list[Any] = ["ha"]
    for _ in range(40):
        held = [held, held]
    return held


def deep() -> list[Any]:
    """Lists in lists, deeper than Python's stack."""
    held: list[Any] = []
    for _ in range(5_000):
        held = [held]
    return held


def values() -> list[Any]:
    """One of each kind; made anew, because some change."""
    return [
        None,
        True,
        1 << 70,
        -(1 << 70),
        10**400,
        10**5000,
        math.nan,
        math.inf,
        1e308,
        -1,
        -0.0,
        Decimal("0.1"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1e400"),
        Fraction(1, 3),
        1j,
        "",
        "a\ud800b",
        "\x00",
        "x" * 100_000,
        b"\xff\xfe",
        bytearray(b"\xff"),
        memoryview(b"abc"),
        Row(),
        Nothing(),
        Liar(),
        LyingText("lie"),
        LyingNumber(5),
        BrokenMapping(),
        {Row(): 1, 2.5: 2, 5: 3, None: 4, "\ud800": 5},
        {"nested": {"row": Row(), "n": 1 << 80, "s": ["\udfff", {1, 2}]}},
        Side.BUY,
        Symbol.BTC,
        object(),
        type,
        itself_in_a_list(),
        itself_in_a_dict(),
        laughs(),
        deep(),
        itertools.count(),
        range(3),
        lambda: 1,
        Broken(),
        Secretive(),
        Hidden(),
        PanickingText(),
        Pending(),
        LyingList([1]),
        LyingDict(a=1),
        Price("1.5"),
        Ratio(1.5),
        Tick(Decimal(1), itself_in_a_list()),
        holding_itself(),
        ExceptionGroup("group", [Broken(), ValueError()]),
    ]


def nested() -> st.SearchStrategy[Any]:
    """What services hand over, with hostile values anywhere in it."""
    plain = st.one_of(st.text(max_size=5), st.characters(), st.integers(), st.floats(), st.binary(max_size=5))
    hostile = st.integers(0, len(NAMES) - 1).map(lambda number: values()[number])
    return st.recursive(
        st.one_of(plain, hostile),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.builds(Tick, inner, inner),
            st.dictionaries(
                st.one_of(st.text(max_size=5), st.characters(), st.integers()), inner, max_size=3
            ),
        ),
        max_leaves=5,
    )


NAMES = [f"{number}-{type(value).__name__}" for number, value in enumerate(values())]
