"""How reconcile asks a client that botobs does not know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol


class Reconcilable(Protocol):
    """What `botobs.trading.reconcile` asks of a client that is not one of ccxt's.

    The methods only read. They are called one at a time, on a separate thread, and may block. Orders and trades
    are mappings with ccxt's keys (https://docs.ccxt.com/#/?id=order-structure); those that are not named below are not
    looked at. A method raises any exception where the exchange did not say: then nothing is concluded. It raises
    `PermissionError` where the exchange refused the request for its rate or has banned the address: then reconcile
    pauses.

    Attributes:
        exchange: The exchange, as orders are reported with it: ccxt's id of it where it has one.
        interval: Shortest time, in seconds, between two requests that the exchange's limits allow. Reconcile makes
            twenty times as much of it.
    """

    exchange: str
    interval: float

    def open_orders(self, symbols: Collection[str]) -> Iterable[Mapping[str, Any]]:
        """All open orders of the account: `id`, `clientOrderId`, `symbol`, `side`, `status`.

        Args:
            symbols: ccxt's names of the markets that the service is known to trade in, for exchanges that do not list
                all at once.
        """

    def trades(self, symbols: Collection[str], since: int) -> Iterable[Mapping[str, Any]]:
        """The account's trades in these markets: `id`, `order` (the exchange's id of it), `symbol`, `side`.

        Args:
            symbols: ccxt's names of the markets.
            since: Not before this time, in milliseconds since the epoch.
        """

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> Mapping[str, Any] | None:
        """An order, whatever has become of it, with the keys of `open_orders` and `filled`.

        Args:
            order_id: The exchange's id; empty where it is not known, and then
            client_order_id: names the order.
            symbol: ccxt's name of the market; empty where it is not known.

        Returns:
            None only where the exchange says that it has no such order, neither open nor ended.
        """

    def holdings(self, names: Collection[str]) -> Mapping[str, float]:
        """What the account holds.

        Args:
            names: Currencies, whose whole balance is asked for, and ccxt's names of derivatives, whose position is,
                in the base currency and negative when it is short.

        Returns:
            By name; what is missing is not compared.
        """
