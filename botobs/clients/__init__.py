"""How botobs learns of an exchange client that it does not know.

Of a whole library: a class that derives from `ExchangeClient` says which functions call the exchange, and what the
calls, messages and responses mean. Its distribution names it as an entry point of the group `botobs_exchange_clients`;
botobs derives spans, metrics, limits, the clock, orders and streams from it. `botobs.testing.clients` tries it.

For responses alone, what they say about an order:

    import botobs.clients

    def my_exchange(answer: botobs.clients.Answer) -> botobs.clients.Outcome | None:
        if answer.exchange != "my-exchange" or not isinstance(answer.result, dict):
            return None
        return "accepted" if answer.result["ok"] else "rejected"

    botobs.clients.add_classifier(my_exchange)

It is called by `order.submission()`, `order.answered()` and by the instrumentations of exchange clients. What
`botobs.trading.reconcile` calls on such a client is `Reconcilable`.
"""

from __future__ import annotations

from .._sdk.instrument.exchange.clients.protocol import Call, ExchangeClient, LimitState, Update
from .._sdk.orders import Answer, Classifier, Outcome, add_classifier
from ._reconcilable import Reconcilable

__all__ = [
    "Answer",
    "Call",
    "Classifier",
    "ExchangeClient",
    "LimitState",
    "Outcome",
    "Reconcilable",
    "Update",
    "add_classifier",
]
