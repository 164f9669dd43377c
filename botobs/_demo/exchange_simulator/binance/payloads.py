"""Binance's JSON for markets, trades and orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..account import Balance
from ..candles import Candle
from ..instruments import Instrument
from ..market import Book, BookChange, Levels, Market, Trade
from ..orders import Order, Status

Json = dict[str, Any]

STATUS = {
    Status.OPEN: "NEW",
    Status.PARTLY_FILLED: "PARTIALLY_FILLED",
    Status.FILLED: "FILLED",
    Status.CANCELLED: "CANCELED",
}

_EXECUTION = {**STATUS, Status.PARTLY_FILLED: "TRADE", Status.FILLED: "TRADE"}

#: Rate limits of the real exchange.
WEIGHT_PER_MINUTE = 6_000
ORDERS_PER_10_SECONDS = 100
ORDERS_PER_DAY = 200_000


def market_id(instrument: Instrument) -> str:
    """The market's id, such as `BTCUSDT`."""
    return instrument.base + instrument.quote


def market_info(instrument: Instrument, suspended: bool = False) -> Json:
    """A market as `exchangeInfo` shows it."""
    tick, lot = str(instrument.tick), str(instrument.lot)
    return {
        "symbol": market_id(instrument),
        "status": "BREAK" if suspended else "TRADING",
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000", "stepSize": lot},
            {"filterType": "NOTIONAL", "minNotional": "1", "applyMinToMarket": True, "avgPriceMins": 5},
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }


def rate_limits() -> list[Json]:
    """The limits as `exchangeInfo` shows them."""
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in (
            ("REQUEST_WEIGHT", "MINUTE", 1, WEIGHT_PER_MINUTE),
            ("ORDERS", "SECOND", 10, ORDERS_PER_10_SECONDS),
            ("ORDERS", "DAY", 1, ORDERS_PER_DAY),
        )
    ]


def levels(
    instrument: Instrument, side: Levels, descending: bool, limit: int | None = None
) -> list[list[str]]:
    """Prices and sizes, best first."""
    return [
        [f"{instrument.price_at(level):.8f}", f"{side[level]:.8f}"]
        for level in sorted(side, reverse=descending)[:limit]
    ]


def depth(instrument: Instrument, book: Book, limit: int) -> Json:
    """An order book, for REST."""
    return {
        "lastUpdateId": book.sequence,
        "bids": levels(instrument, book.bids, True, limit),
        "asks": levels(instrument, book.asks, False, limit),
    }


def depth_update(instrument: Instrument, change: BookChange, timestamp: int) -> Json:
    """An update of an order book, for a stream: `U` is the last update's `u` plus one."""
    return {
        "e": "depthUpdate",
        "E": timestamp,
        "s": market_id(instrument),
        "U": change.previous + 1,
        "u": change.sequence,
        "b": levels(instrument, change.bids, True),
        "a": levels(instrument, change.asks, False),
    }


def trade(trade: Trade) -> Json:
    """A public trade, for REST."""
    return {
        "id": trade.id,
        "price": f"{trade.price:.8f}",
        "qty": f"{trade.amount:.8f}",
        "quoteQty": f"{trade.price * trade.amount:.8f}",
        "time": trade.timestamp,
        "isBuyerMaker": trade.side == "sell",
        "isBestMatch": True,
    }


def aggregate_trade(trade: Trade) -> Json:
    """A public trade as an aggregate trade, for REST; each holds one trade here."""
    return {
        "a": trade.id,
        "p": f"{trade.price:.8f}",
        "q": f"{trade.amount:.8f}",
        "f": trade.id,
        "l": trade.id,
        "T": trade.timestamp,
        "m": trade.side == "sell",
        "M": True,
    }


def aggregate_trade_event(instrument: Instrument, trade: Trade, timestamp: int) -> Json:
    """An aggregate trade, for a stream."""
    return {"e": "aggTrade", "E": timestamp, "s": market_id(instrument)} | aggregate_trade(trade)


def trade_event(instrument: Instrument, trade: Trade, timestamp: int) -> Json:
    """A public trade, for a stream."""
    return {
        "e": "trade",
        "E": timestamp,
        "s": market_id(instrument),
        "t": trade.id,
        "p": f"{trade.price:.8f}",
        "q": f"{trade.amount:.8f}",
        "T": trade.timestamp,
        "m": trade.side == "sell",
        "M": True,
    }


def kline(candle: Candle, length: int) -> list[Any]:
    """A candle, for REST."""
    prices = [f"{price:.8f}" for price in (candle.open, candle.high, candle.low, candle.close)]
    volume, value = f"{candle.volume:.8f}", f"{candle.volume * candle.close:.8f}"
    return [candle.timestamp, *prices, volume, candle.timestamp + length - 1, value, 1, volume, value, "0"]


def kline_event(instrument: Instrument, interval: str, length: int, candle: Candle, timestamp: int) -> Json:
    """A candle, for a stream."""
    start, opened, high, low, close, volume, end, value, *_ = kline(candle, length)
    names = {"t": start, "T": end, "s": market_id(instrument), "i": interval, "o": opened, "c": close}
    names |= {"h": high, "l": low, "v": volume, "q": value, "n": 1, "x": False, "V": volume, "Q": value}
    return {"e": "kline", "E": timestamp, "s": market_id(instrument), "k": names}


def ticker(market: Market, timestamp: int) -> Json:
    """The 24 hour ticker of a market, for REST."""
    day = market.candles.day()
    return {
        "symbol": market_id(market.instrument),
        "priceChange": f"{day.close - day.open:.8f}",
        "priceChangePercent": f"{100 * (day.close / day.open - 1):.3f}",
        "weightedAvgPrice": f"{(day.high + day.low) / 2:.8f}",
        "prevClosePrice": f"{day.open:.8f}",
        "lastPrice": f"{day.close:.8f}",
        "lastQty": f"{market.instrument.lot:.8f}",
        "bidPrice": f"{market.best_bid:.8f}",
        "bidQty": "1.00000000",
        "askPrice": f"{market.best_ask:.8f}",
        "askQty": "1.00000000",
        "openPrice": f"{day.open:.8f}",
        "highPrice": f"{day.high:.8f}",
        "lowPrice": f"{day.low:.8f}",
        "volume": f"{day.volume:.8f}",
        "quoteVolume": f"{day.volume * day.close:.8f}",
        "openTime": day.timestamp,
        "closeTime": timestamp,
        "firstId": 0,
        "lastId": 0,
        "count": 1,
    }


#: The stream's one-letter keys for the ticker's fields.
_TICKER_LETTERS = {
    "s": "symbol", "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice",
    "x": "prevClosePrice", "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty",
    "a": "askPrice", "A": "askQty", "o": "openPrice", "h": "highPrice", "l": "lowPrice",
    "v": "volume", "q": "quoteVolume", "O": "openTime", "C": "closeTime", "F": "firstId",
    "L": "lastId", "n": "count",
}  # fmt: skip


def mini_ticker_event(market: Market, timestamp: int) -> Json:
    """The 24 hour mini ticker of a market, for a stream."""
    whole = ticker_event(market, timestamp)
    return {"e": "24hrMiniTicker"} | {letter: whole[letter] for letter in "Escohlvq"}


def book_ticker_event(instrument: Instrument, book: Book) -> Json:
    """Best bid and ask, for a stream; the only event without a type."""
    (bid, bid_size), *_ = levels(instrument, book.bids, True, 1)
    (ask, ask_size), *_ = levels(instrument, book.asks, False, 1)
    sizes = {"B": bid_size, "A": ask_size}
    return {"u": book.sequence, "s": market_id(instrument), "b": bid, "a": ask} | sizes


def ticker_event(market: Market, timestamp: int) -> Json:
    """The 24 hour ticker of a market, for a stream."""
    values = ticker(market, timestamp)
    return {"e": "24hrTicker", "E": timestamp} | {k: values[name] for k, name in _TICKER_LETTERS.items()}


def order(order: Order) -> Json:
    """An order, for REST."""
    request = order.request
    return {
        "symbol": market_id(request.instrument),
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": request.client_id,
        "price": f"{request.price or 0:.8f}",
        "origQty": f"{request.amount:.8f}",
        "executedQty": f"{order.filled:.8f}",
        "cummulativeQuoteQty": f"{order.cost:.8f}",
        "status": STATUS[order.status],
        "timeInForce": "GTC",
        "type": request.type.upper(),
        "side": request.side.upper(),
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.created,
        "updateTime": order.updated,
        "transactTime": order.updated,
        "isWorking": True,
        "workingTime": order.created,
        "origQuoteOrderQty": "0.00000000",
        "selfTradePreventionMode": "NONE",
    }


def my_trade(order: Order, fill: Trade) -> Json:
    """A fill of an order of the account, for REST."""
    return {
        "symbol": market_id(order.request.instrument),
        "id": fill.id,
        "orderId": order.id,
        "orderListId": -1,
        "price": f"{fill.price:.8f}",
        "qty": f"{fill.amount:.8f}",
        "quoteQty": f"{fill.price * fill.amount:.8f}",
        "commission": "0.00000000",
        "commissionAsset": order.request.instrument.quote,
        "time": fill.timestamp,
        "isBuyer": order.request.side == "buy",
        "isMaker": order.request.type == "limit",
        "isBestMatch": True,
    }


def placed(placed: Order) -> Json:
    """A new order with its immediate fills, for REST."""
    fills = [
        {
            "price": f"{fill.price:.8f}",
            "qty": f"{fill.amount:.8f}",
            "commission": "0.00000000",
            "commissionAsset": placed.request.instrument.quote,
            "tradeId": fill.id,
        }
        for fill in placed.fills
    ]
    return order(placed) | {"fills": fills}


def cancelled(cancelled: Order) -> Json:
    """A cancelled order, for REST."""
    return order(cancelled) | {"origClientOrderId": cancelled.request.client_id}


def execution_report(order: Order) -> Json:
    """An execution report, for the user data stream."""
    request, last = order.request, order.fills[-1] if order.fills else None
    executed = last if _EXECUTION[order.status] == "TRADE" else None
    cancelled = order.status is Status.CANCELLED
    return {
        "e": "executionReport",
        "E": order.updated,
        "s": market_id(request.instrument),
        "c": f"cancel{order.id}" if cancelled else request.client_id,
        "S": request.side.upper(),
        "o": request.type.upper(),
        "f": "GTC",
        "q": f"{request.amount:.8f}",
        "p": f"{request.price or 0:.8f}",
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": request.client_id if cancelled else "",
        "x": _EXECUTION[order.status],
        "X": STATUS[order.status],
        "r": "NONE",
        "i": order.id,
        "l": f"{executed.amount if executed else 0:.8f}",
        "z": f"{order.filled:.8f}",
        "L": f"{executed.price if executed else 0:.8f}",
        "n": "0",
        "N": request.instrument.quote if executed else None,
        "T": order.updated,
        "t": executed.id if executed else -1,
        "I": order.id,
        "w": order.open,
        "m": request.type == "limit",
        "M": False,
        "O": order.created,
        "Z": f"{order.cost:.8f}",
        "Y": f"{executed.amount * executed.price if executed else Decimal(0):.8f}",
        "Q": "0.00000000",
        "W": order.created,
        "V": "NONE",
    }


def balance(currency: str, balance: Balance) -> Json:
    """The balance of a currency, for REST."""
    return {"asset": currency, "free": f"{balance.free:.8f}", "locked": f"{balance.locked:.8f}"}
