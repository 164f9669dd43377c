"""How botobs learns of an exchange client that it does not know: what the client's answers say about an order.

    import botobs.clients

    def my_exchange(answer: botobs.clients.Answer) -> botobs.clients.Outcome | None:
        if answer.exchange != "my-exchange" or not isinstance(answer.result, dict):
            return None
        return "accepted" if answer.result["ok"] else "rejected"

    botobs.clients.add_classifier(my_exchange)

It is asked by `order.submission()`, `order.answered()` and by the instrumentations of exchange clients alike. What
`botobs.trading.reconcile` asks of such a client is `Reconcilable`.
"""

from __future__ import annotations

from .._sdk.orders import Answer, Classifier, Outcome, add_classifier
from ._reconcilable import Reconcilable

__all__ = ["Answer", "Classifier", "Outcome", "Reconcilable", "add_classifier"]
