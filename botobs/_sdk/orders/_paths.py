"""What a request is for, by its method and path, where no client says so."""

from __future__ import annotations

import re
from typing import Literal

#: Methods with which no exchange takes an order. Cancellations are asked for by DELETE, or by a path that says so.
ASIDE_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "TRACE"})

_ORDER = re.compile(r"order|oco|exchange$", re.IGNORECASE)
#: `exchange` alone takes whatever is signed, at Hyperliquid.
_NAMED = re.compile(r"order|oco", re.IGNORECASE)
_ASIDE = re.compile(
    r"cancel(?!.?replace)|delete|query|open_?-?orders|closed_?-?orders|his_?orders|orders?[_/-]?(amends$|info|history|status)"
    r"|order_?-?(book|data|detail)|orders/(active|leverage|search)|(contract|swap)_order_limit|kill-?switch|orderly|stop-order-algo"
    r"|(^|/)(get|list)_?-?[a-z_]{0,20}orders?|(^|/)(info|login|auth)",
    re.IGNORECASE,
)
#: Words with which another order takes the place of one that is there.
_EDIT = re.compile(r"alter|amend|change|edit|modify|replace|update", re.IGNORECASE)
#: An order that the exchange checks and forgets: Binance, MEXC, BingX, KuCoin and Upbit `order/test`, Coinbase
#: `orders/preview`, OKX `order-precheck`, HashKey `orderTest`, Derive `order_debug`.
_TRIAL = re.compile(r"orders?[/_-]?(edit_)?(test|preview|pre-?check|debug)$", re.IGNORECASE)
#: Queries that are sent by POST too: about an account, or about who is notified of orders.
_ACCOUNT = re.compile(
    r"balance|bullet|deposit|history|ledger|leverage|listen-?key|open-?positions|query|sendmessage|services/|token"
    r"|transfer|user-?data-?stream|volume|webhook|withdraw",
    re.IGNORECASE,
)
#: By what somebody may want to find out about an order that was sent in a way that is not watched.
_ABOUT_ORDERS = re.compile(r"order(?!_?-?book)|oco|trade|fill|position|execution", re.IGNORECASE)


def is_trial(path: str) -> bool:
    """Whether a path is one that checks an order, and submits none."""
    return _TRIAL.search(path) is not None


def may_submit(method: str, path: str) -> bool:
    """Whether a request may be one that submits an order, for all that its method and path say."""
    aside = _ASIDE.search(path) is not None or is_trial(path)
    return method not in ASIDE_METHODS and not aside and (is_order(path) or not is_account(path))


def is_order(path: str) -> bool:
    """Whether a path by which an order may be submitted is certainly one of orders."""
    return _ORDER.search(path) is not None


def purpose(method: str, path: str) -> Literal["submit", "edit"] | None:
    """What a request certainly does with an order, for all that its method and path say; None for anything else."""
    if not may_submit(method, path) or _NAMED.search(path) is None:
        return None
    return "edit" if method in ("PATCH", "PUT") or _EDIT.search(path) else "submit"


def is_account(path: str) -> bool:
    """Whether a path without the word for an order is certainly none that submits one."""
    return _ACCOUNT.search(path) is not None


def is_about_orders(path: str) -> bool:
    """Whether a path that submits nothing may be asked for because of an order that was sent."""
    return _ABOUT_ORDERS.search(path) is not None
