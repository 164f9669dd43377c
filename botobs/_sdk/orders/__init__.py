"""What became of an order that was sent: one decision for watched clients and for `botobs.trading`.

A false `rejected` loses money, a false `unknown` wakes somebody: what the evidence leaves open is unknown.
"""

from __future__ import annotations

from ._answer import answer_outcome, code_outcome, replacement
from ._attempts import Attempts
from ._decide import Outcome, submit_outcome
from ._evidence import LONGEST_TEXT, codes_in
from ._http import WATCHER, HttpRequest, begin_request, sending
from ._witness import Verdict, Witness, current_witness

__all__ = [
    "LONGEST_TEXT",
    "WATCHER",
    "Attempts",
    "HttpRequest",
    "Outcome",
    "Verdict",
    "Witness",
    "answer_outcome",
    "begin_request",
    "code_outcome",
    "codes_in",
    "current_witness",
    "replacement",
    "sending",
    "submit_outcome",
]
