"""What an answer of an exchange says about the order that was sent, whatever the client makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from ._classifiers import Answer, Outcome, classified
from ._codes import ACCEPTED, meaning, table_of
from ._evidence import LONGEST_TEXT, broken_off, codes_in, left_open, sent_before

#: How answers without a code say that the order was not taken: HTX, Coinbase, Hyperliquid.
_REFUSALS = re.compile(r'"success"\s{0,4}:\s{0,4}false|"status"\s{0,4}:\s{0,4}"err(?:or)?"')
#: Where an error is a sentence, any error is a refusal.
_SENTENCES = re.compile(r'"error"\s{0,4}:\s{0,4}"')


#: An answer that has no body, and says so.
_NO_CONTENT = 204

#: How Binance answers a request to cancel one order and to submit another.
_REPLACEMENT = re.compile(r'"newOrderResult"\s{0,4}:\s{0,4}"([A-Z_]{1,16})"')

Answered = Literal["accepted", "rejected", "unknown"]


def code_outcome(exchange: str, codes: tuple[str, ...], text: str = "") -> Answered:
    """What became of one order of a batch that came back with error codes, and with the words of `text`."""
    refused = meaning(exchange, codes) == "rejected" and not sent_before(text)
    return "rejected" if refused else "unknown"


def replacement(exchange: str, answer: str) -> Outcome | None:
    """What became of the new order where one was to replace another; None where the response does not say it."""
    found = _REPLACEMENT.search(answer[:LONGEST_TEXT]) if table_of(exchange) == "binance" else None
    if found is None:
        return None
    if found[1] == "NOT_ATTEMPTED":
        return "failed"
    if found[1] == "SUCCESS":
        return "accepted"
    response = answer[answer.find('"newOrderResponse"') :]
    return code_outcome(exchange, codes_in(response), response)


def answer_outcome(exchange: str, status: int | None, answer: str | None) -> Answered:
    """What became of an order by the answer to its request.

    In this order: the exchange's own code, its word for a failure, the HTTP status. A code that is in no table leaves
    the order open, for it was sent.

    Args:
        exchange: As it is called in `exchange.name`.
        status: HTTP status; None where it is not known.
        answer: The beginning of the body; None where it was not read.
    """
    replaced = replacement(exchange, answer or "")
    if replaced is not None:
        # Of a new order that was not even attempted, the exchange has taken nothing.
        return "rejected" if replaced == "failed" else replaced
    outcome = _outcome(exchange, status, answer)
    # A refusal because the order was sent before says that it is there.
    return "unknown" if outcome == "rejected" and sent_before(answer or "") else outcome


def _outcome(exchange: str, status: int | None, body: str | None) -> Answered:
    answer = body or ""
    if table_of(exchange) == "hyperliquid" and _SENTENCES.search(answer[:LONGEST_TEXT]):
        return "rejected"
    found = codes_in(answer, labels=table_of(exchange) == "gate")
    codes = tuple(code for code in found if code != str(status))
    said = meaning(exchange, codes)
    if said is not None:
        return "rejected" if said == "rejected" else "unknown"
    if status is not None and not 200 <= status < 300:
        return "unknown" if left_open(status) or broken_off(answer, status) else "rejected"
    if body is not None and status != _NO_CONTENT and not _is_whole(body):
        # It was cut, or whatever stands before the exchange has answered in its place.
        return "unknown"
    if not ACCEPTED.get(exchange, frozenset()).issuperset(codes):
        # An error of an exchange without a table, in an answer that is otherwise well.
        return "unknown"
    if not _REFUSALS.search(answer[:LONGEST_TEXT]):
        return "accepted"
    return "unknown" if broken_off(answer, status) else "rejected"


def is_mixed(exchange: str, body: str) -> bool:
    """Whether an answer is about several orders, of which some were refused and others were not."""
    labels = table_of(exchange) == "gate"
    try:
        pending = [json.loads(body)] if "[" in body else []
    except ValueError:
        return False
    for part in pending:
        if isinstance(part, Mapping):
            # Bitget has a list of each.
            if part.get("successList") and part.get("failureList"):
                return True
            pending += part.values()
        elif isinstance(part, list):
            orders = [json.dumps(each) for each in part if isinstance(each, Mapping)]
            refused = [bool(codes_in(each, labels) or _REFUSALS.search(each)) for each in orders]
            if any(refused) and not all(refused):
                return True
            pending += part
    return False


def _is_whole(body: str) -> bool:
    """Whether a body is JSON that says something, as exchanges answer; of a long one only its beginning is there."""
    text = body.lstrip("\ufeff \t\r\n")
    if len(body) >= LONGEST_TEXT:
        return text[:1] in ("{", "[")
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


def result_outcome(exchange: str, result: Any) -> Outcome:
    """What became of an order by what its client returned.

    Args:
        exchange: As it is called in `exchange.name`.
        result: The answer as the client returned it: decoded JSON, its text, or an object of the client's that can be
            turned into a dictionary by `to_dict`, `model_dump` or `dict`.
    """
    said = classified(Answer(exchange, result=result))
    if said is not None:
        return said
    try:
        return answer_outcome(exchange, None, _text(result))
    except Exception:
        # Whatever it is, it is no evidence.
        return "unknown"


def _text(result: Any) -> str:
    for name in ("to_dict", "model_dump", "dict"):
        if not isinstance(result, str | bytes | Mapping | list) and hasattr(type(result), name):
            result = getattr(result, name)()
    if isinstance(result, bytes):
        return result[:LONGEST_TEXT].decode("utf-8", "replace")
    return result if isinstance(result, str) else json.dumps(result, default=str)
