"""What became of an order that was sent: one decision for watched clients and for `botobs.trading`.

A false `rejected` loses money, a false `unknown` wakes somebody: what the evidence leaves open is unknown.
"""

from __future__ import annotations

from ._attempts import Attempts, Witness, current_witness
from ._decide import Outcome, submit_outcome
from ._evidence import LONGEST_TEXT, codes_in

__all__ = [
    "LONGEST_TEXT",
    "Attempts",
    "Outcome",
    "Witness",
    "codes_in",
    "current_witness",
    "submit_outcome",
]
