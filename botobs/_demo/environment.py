"""Reads the demo services' settings from environment variables, with errors that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar

T = TypeVar("T")


def read(environ: Mapping[str, str], name: str, default: T, convert: Callable[[str], T]) -> T:
    """The variable `name` of `environ`, converted; `default` when it is not set.

    Raises:
        SystemExit: The value cannot be converted; the sentence names the variable and the value.
    """
    text = environ.get(name)
    if text is None or not text.strip():
        return default
    try:
        return convert(text.strip())
    except ValueError as error:
        raise SystemExit(f"{name}={text!r} in the environment is not usable: {error}") from None


def positive(text: str) -> float:
    """Parse a number above zero; raises ValueError otherwise."""
    value = float(text)
    if not value > 0:
        raise ValueError("it must be above zero")
    return value


def amount(text: str) -> Decimal:
    """Parse a sum of money above zero; raises ValueError otherwise."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("it must be a number") from None
    if not value.is_finite() or value <= 0:
        raise ValueError("it must be above zero")
    return value


def whole(least: int, most: int) -> Callable[[str], int]:
    """The converter to a whole number from `least` to `most`."""

    def convert(text: str) -> int:
        sentence = f"it must be a whole number from {least} to {most}"
        try:
            value = int(text)
        except ValueError:
            raise ValueError(sentence) from None
        if not least <= value <= most:
            raise ValueError(sentence)
        return value

    return convert


#: The converter to a TCP port.
port = whole(1, 65_535)


def names(text: str) -> tuple[str, ...]:
    """Parse a list separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
