"""What became of an order that was sent: one decision for watched clients and for `botobs.trading`.

A false `rejected` loses money, a false `unknown` wakes somebody: what the evidence leaves open is unknown.
"""

from __future__ import annotations

from ._answer import answer_outcome, code_outcome, replacement, result_outcome
from ._attempts import Attempts
from ._classifiers import Answer, Classifier, Outcome, add_classifier, classified
from ._codes import ccxt_class, listed_phrase
from ._decide import submit_outcome
from ._evidence import LONGEST_TEXT, codes_in, messages_in
from ._http import WATCHER, HttpRequest, begin_request, seen_libraries, sending
from ._paths import ASIDE_METHODS, is_order, is_trial, purpose
from ._requests import Evidence, OrderRequests, requests_outcome
from ._witness import Witness, close_block, current_witness, open_block, witness_of
from .rejections import Rejections
from .unsettled import UNSETTLED, Settlement, Unsettled, UnsettledOrder, order_key

__all__ = [
    "ASIDE_METHODS",
    "LONGEST_TEXT",
    "UNSETTLED",
    "WATCHER",
    "Answer",
    "Attempts",
    "Classifier",
    "Evidence",
    "HttpRequest",
    "OrderRequests",
    "Outcome",
    "Rejections",
    "Settlement",
    "Unsettled",
    "UnsettledOrder",
    "Witness",
    "add_classifier",
    "answer_outcome",
    "begin_request",
    "ccxt_class",
    "classified",
    "close_block",
    "code_outcome",
    "codes_in",
    "current_witness",
    "is_order",
    "is_trial",
    "listed_phrase",
    "messages_in",
    "open_block",
    "order_key",
    "purpose",
    "replacement",
    "requests_outcome",
    "result_outcome",
    "seen_libraries",
    "sending",
    "submit_outcome",
    "witness_of",
]
