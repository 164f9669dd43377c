"""One of ccxt's clients, of whichever kind, as reconcile asks it: sync, async and pro."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..._sdk.instrument.exchange import errors
from ..._sdk.safe import number_of
from .pace import Limited, Pace, Stopped

#: ccxt's words for an exchange that does not trade: what its lists leave out is there all the same.
_NOT_TRADING = frozenset({"maintenance", "shutdown", "error"})
#: Seconds between two questions for it; while the exchange does not trade, it is asked before each look.
_STATUS_EVERY = 60.0
#: Exchanges where a request for an order by its client order id covers all states, so that "not found" means that there
#: is none, and whose ccxt classes make that request. Binance and MEXC: GET order with origClientOrderId,
#: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints; OKX: trade/order with clOrdId,
#: https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details; KuCoin: client-order/{clientOid},
#: https://www.kucoin.com/docs-new/rest/spot-trading/orders/get-order-by-clientoid; Bitget: orderInfo with clientOid,
#: https://www.bitget.com/api-doc/spot/trade/Get-Order-Info. Not Bybit (the last 500 orders), not Gate (an hour).
_FIND_BY_CLIENT_ID = frozenset(
    {
        "binance",
        "binanceus",
        "binanceusdm",
        "binancecoinm",
        "bitget",
        "kucoin",
        "mexc",
        "myokx",
        "okx",
        "okxus",
    }
)


class CcxtAccount:
    """A ccxt client that was handed over: it is used by one thread, which calls `prepare` first and `close` last.

    Attributes:
        exchange: ccxt's id.
        interval: 0: each request waits by itself, as long as it weighs.
        key: The API key, to distinguish accounts.
    """

    def __init__(self, client: Any, pace: Pace) -> None:
        self.exchange = str(client.id)
        self.interval = 0.0
        self.key = getattr(client, "apiKey", None)
        self._client = client
        self._pace = pace
        self._loop: asyncio.AbstractEventLoop | None = None
        self._whole: dict[str, bool] = {}
        self._before: Any = None
        self._trading = True
        self._asked = -_STATUS_EVERY

    def is_trading(self) -> bool:
        """Whether the exchange trades, as far as it tells: one that is not asked, or does not answer that, does.

        Raises:
            Limited: The exchange limits requests.
            Stopped: Nothing is to be asked any more.
        """
        if self._client.has.get("fetchStatus") is not True:
            return True
        if self._trading and time.monotonic() - self._asked < _STATUS_EVERY:
            return True
        try:
            self._trading = _mapping(self._call("fetch_status")).get("status") not in _NOT_TRADING
        except (Limited, Stopped):
            raise
        except Exception as error:
            self._trading = errors.category(error) != "maintenance"
        self._asked = time.monotonic()
        return self._trading

    def prepare(self) -> None:
        """Take the client over: its requests wait for our pace, and it gets its own event loop.

        Raises:
            ValueError: It has been used in another event loop.
        """
        client = self._client
        asynchronous = inspect.iscoroutinefunction(inspect.unwrap(type(client).fetch2))
        if asynchronous:
            if getattr(client, "session", None) is not None:
                raise ValueError("the client is in use already; reconcile needs one of its own")
            self._loop = client.asyncio_loop = asyncio.new_event_loop()

        def throttle(cost: Any = None) -> None:
            weight = number_of(cost)
            self._pace.wait((1 if weight is None else weight) * client.rateLimit / 1000)

        async def throttle_async(cost: Any = None) -> None:
            # Nothing else runs in this loop.
            throttle(cost)

        client.enableRateLimit = True
        self._before = vars(client).get("throttle")
        client.throttle = throttle_async if asynchronous else throttle
        options = getattr(client, "options", None)
        if isinstance(options, dict):
            # The warning is about the request's rate limit, which the pace respects.
            options["warnOnFetchOpenOrdersWithoutSymbol"] = False

    def close(self) -> None:
        """Close the connections of an asynchronous client, whose loop ends here."""
        if self._before is None:
            vars(self._client).pop("throttle", None)
        else:
            self._client.throttle = self._before
        if self._loop is not None:
            self._loop.run_until_complete(self._client.close())
            self._loop.close()

    def open_orders(self, symbols: Collection[str]) -> Iterable[Mapping[str, Any]]:
        """Open orders of `symbols`, as in `Reconcilable.open_orders`."""
        return self._everywhere("fetch_open_orders", symbols)

    def trades(self, symbols: Collection[str], since: int) -> Iterable[Mapping[str, Any]]:
        """Own trades since `since`, in milliseconds since the epoch."""
        return self._everywhere("fetch_my_trades", symbols, since)

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> Mapping[str, Any] | None:
        """The order, or None where the exchange does not know it."""
        where = symbol or None
        if not order_id and self.exchange not in _FIND_BY_CLIENT_ID:
            return self._in_lists(client_order_id, where)
        try:
            if order_id:
                found = self._call("fetch_order", order_id, where)
            else:
                found = self._call("fetch_order", None, where, {"clientOrderId": client_order_id})
        except Exception as error:
            if _is_a(error, "OrderNotFound"):
                return None
            raise
        return _mapping(found)

    def holdings(self, names: Collection[str]) -> Mapping[str, float]:
        """The amounts that the account holds, by the given names."""
        derivatives = sorted(name for name in names if "/" in name)
        held: dict[str, float] = {}
        if derivatives:
            held |= dict.fromkeys(derivatives, 0.0)
            for position in self._call("fetch_positions", derivatives):
                _add_position(held, position)
        currencies = [name for name in names if "/" not in name]
        if currencies:
            total = _mapping(self._call("fetch_balance")).get("total") or {}
            for name in currencies:
                held[name] = float(number_of(total.get(name)) or 0.0)
        return held

    def _in_lists(self, client_order_id: str, symbol: str | None) -> Mapping[str, Any]:
        """The order in the list of those that have ended; that it is not there says nothing, for lists are short."""
        for name in ("fetch_closed_orders", "fetch_canceled_orders", "fetch_orders"):
            if self._client.has.get("fetch" + name[5:].title().replace("_", "")):
                for order in self._call(name, symbol):
                    if order.get("clientOrderId") == client_order_id:
                        return _mapping(order)
        raise LookupError(f"{self.exchange} does not find every order by its client order id")

    def _everywhere(self, name: str, symbols: Collection[str], *args: Any) -> list[Mapping[str, Any]]:
        """What a method lists of all markets, or, where one has to be named, of those that are known."""
        found: list[Mapping[str, Any]] = []
        if self._whole.get(name, True):
            try:
                found += self._call(name, None, *args)
            except Exception as error:
                if not _is_a(error, "ArgumentsRequired", "NotSupported", "BadRequest", "BadSymbol"):
                    raise
                self._whole[name] = False
        for symbol in sorted(symbols):
            if not self._whole.get(name, True) or self._is_elsewhere(symbol):
                found += self._call(name, symbol, *args)
        return found

    def _is_elsewhere(self, symbol: str) -> bool:
        """Whether a market is of another type than those that a list without a symbol is about."""
        market = (getattr(self._client, "markets", None) or {}).get(symbol) or {}
        default = self._client.options.get("defaultType") or "spot"
        return str(market.get("type", default)) != default

    def _call(self, name: str, *args: Any) -> Any:
        try:
            result = getattr(self._client, name)(*args)
            if inspect.isawaitable(result):
                assert self._loop is not None, "an asynchronous client has a loop"
                result = self._loop.run_until_complete(_awaited(result))
        except Exception as error:
            if errors.category(error) in ("rate_limit", "ban"):
                raise Limited(errors.error_type(error), self._retry_after()) from None
            raise
        return result

    def _retry_after(self) -> float:
        headers = getattr(self._client, "last_response_headers", None) or {}
        found = [value for name, value in headers.items() if str(name).lower() == "retry-after"]
        try:
            return float(found[0])
        except (IndexError, TypeError, ValueError):
            return 0.0


async def _awaited(result: Any) -> Any:
    return await result


def is_ccxt(client: object) -> bool:
    """Whether this is a client of ccxt's, of whichever kind."""
    return any(
        base.__name__ == "Exchange" and base.__module__.partition(".")[0] == "ccxt"
        for base in type(client).__mro__
    )


def _is_a(error: BaseException, *names: str) -> bool:
    return any(base.__name__ in names for base in type(error).__mro__)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected a mapping, not {type(value).__name__}")
    return value


def _add_position(held: dict[str, float], position: Mapping[str, Any]) -> None:
    """Add one side of a position, in the base currency; a size in the quote currency cannot be compared."""
    symbol, contracts = str(position.get("symbol")), number_of(position.get("contracts"))
    if symbol not in held:
        return
    base, settle = symbol.partition("/")[0], symbol.partition(":")[2].partition("-")[0]
    if contracts is None or settle == base:
        del held[symbol]
        return
    size = number_of(position.get("contractSize"))
    signed = contracts * (1 if size is None else size)
    held[symbol] += -abs(signed) if position.get("side") == "short" else signed
