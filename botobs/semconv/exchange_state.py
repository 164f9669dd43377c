"""What botobs emits about the status that exchanges report, and about our access to them."""

from __future__ import annotations

from ._model import Metric, declared_in
from .exchange import ACCOUNT, CLIENT, NAME

#: Why a key is refused: `refused` (it is wrong, has expired, or is not for this address), `no_right` (it may not do
#: this), `suspended` (the account is closed or suspended).
KEY_REASON = "exchange.key.reason"
#: How it became known that a listen key is not valid any more: `event` (the exchange said so in the stream), `refused`
#: (it could not be renewed).
LISTEN_KEY_REASON = "exchange.listen_key.reason"

MAINTENANCE = Metric(
    "exchange.maintenance",
    "observable_gauge",
    "{exchange}",
    "One while the exchange says that it is in maintenance: in the answer to `fetch_status` or a status endpoint that "
    "the program asks, or in refusals of the last five minutes; zero where it has said anything else. Without a value "
    "where nothing was said.",
    (NAME,),
)
MARKETS_SUSPENDED = Metric(
    "exchange.markets.suspended",
    "observable_gauge",
    "{market}",
    "Markets that this process has sent orders to and that are closed: by the list of markets, or because an "
    "order was refused for it within the last hour.",
    (NAME,),
)
LISTEN_KEY_AGE = Metric(
    "exchange.listen_key.age",
    "observable_gauge",
    "s",
    "Time since the listen key was made or renewed for which it is longest ago; not reported beyond 90 minutes.",
    (NAME,),
)
LISTEN_KEY_LOSSES = Metric(
    "exchange.listen_key.losses",
    "observable_counter",
    "{key}",
    "Listen keys that are not valid any more while they are in use: orders and fills are not streamed.",
    (NAME, LISTEN_KEY_REASON),
)
KEY_REFUSED = Metric(
    "exchange.key.refused",
    "observable_gauge",
    "{operation}",
    "Operations that the exchange refuses to an API key, each until it lets the same one through again; where the key "
    "itself was refused, any that needs one.",
    (NAME, CLIENT, ACCOUNT, KEY_REASON),
)

METRICS = declared_in(globals())
