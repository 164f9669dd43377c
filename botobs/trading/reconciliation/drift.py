"""How far a position is from what the service reports. Amounts do not leave the process here: ratios do."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...semconv import trading as names
from .findings import Suspicion

#: Rounding of amounts is no drift: a millionth.
_ROUNDING = 1e-6


def drifts(
    exchange: str, reported: Mapping[str, float], held: Mapping[str, float], compared: Collection[str]
) -> dict[str, Suspicion]:
    """The positions that differ.

    Args:
        exchange: Its name.
        reported: What the service holds, by its reports.
        held: What the account holds, by the exchange.
        compared: Names of what to compare.
    """
    found = {}
    for name in compared:
        ratio = drift(reported[name], held[name])
        if abs(ratio) > _ROUNDING:
            attributes: dict[str, str | float] = {
                names.EXCHANGE_NAME: exchange,
                names.SYMBOL: name,
                names.POSITION_DRIFT_RATIO: ratio,
            }
            found[name] = Suspicion(attributes, ratio=ratio)
    return found


def drift(reported: float, held: float) -> float:
    """What is held beyond what is reported, divided by the larger of the two.

    Returns:
        0 for equal positions, 1 for one that is not reported at all, -1 for one that is not there, up to 2 either way
        for opposite ones.
    """
    largest = max(abs(reported), abs(held))
    return (held - reported) / largest if largest else 0.0
