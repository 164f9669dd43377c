"""OKX's JSON for markets, trades and orders."""

from __future__ import annotations

import zlib
from typing import Any

from ..account import Balance
from ..candles import Candle
from ..instruments import Instrument
from ..market import Book, BookChange, Levels, Market, Trade
from ..orders import Order, Status

Json = dict[str, Any]

STATE = {
    Status.OPEN: "live",
    Status.PARTLY_FILLED: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELLED: "canceled",
}

#: Levels on each side that an order book's checksum covers.
_CHECKED = 25


def market_id(instrument: Instrument) -> str:
    """The market's id, such as `BTC-USDT`."""
    return f"{instrument.base}-{instrument.quote}"


def market_info(instrument: Instrument, suspended: bool = False) -> Json:
    """A market as `public/instruments` shows it."""
    lot = str(instrument.lot)
    empty = dict.fromkeys(
        ("alias", "ctMult", "ctType", "ctVal", "ctValCcy", "expTime", "optType", "settleCcy"), ""
    )
    return empty | {
        "instId": market_id(instrument),
        "instType": "SPOT",
        "baseCcy": instrument.base,
        "quoteCcy": instrument.quote,
        "category": "1",
        "lever": "1",
        "listTime": "1548133413000",
        "lotSz": lot,
        "minSz": lot,
        "maxLmtSz": "9000",
        "maxMktSz": "1000000",
        "state": "suspend" if suspended else "live",
        "stk": "",
        "tickSz": str(instrument.tick),
        "uly": "",
    }


def levels(
    instrument: Instrument, side: Levels, descending: bool, limit: int | None = None
) -> list[list[str]]:
    """Price, size, an obsolete zero and number of orders, best first."""
    return [
        [f"{instrument.price_at(level)}", f"{side[level]:.5f}", "0", "1" if side[level] else "0"]
        for level in sorted(side, reverse=descending)[:limit]
    ]


def books(instrument: Instrument, book: Book, timestamp: int, limit: int | None = None) -> Json:
    """An order book, for REST."""
    return {
        "asks": levels(instrument, book.asks, False, limit),
        "bids": levels(instrument, book.bids, True, limit),
        "ts": str(timestamp),
        "seqId": book.sequence,
    }


def snapshot(instrument: Instrument, book: Book, timestamp: int) -> Json:
    """A snapshot of an order book, for a stream."""
    whole = books(instrument, book, timestamp)
    return whole | {"prevSeqId": -1, "checksum": _checksum(whole["bids"], whole["asks"])}


def update(instrument: Instrument, change: BookChange, after: Book, timestamp: int) -> Json:
    """An update of an order book: `prevSeqId` is the last one's `seqId`; the checksum is of the book after it."""
    return {
        "asks": levels(instrument, change.asks, False),
        "bids": levels(instrument, change.bids, True),
        "ts": str(timestamp),
        "prevSeqId": change.previous,
        "seqId": change.sequence,
        "checksum": _checksum(levels(instrument, after.bids, True), levels(instrument, after.asks, False)),
    }


def _checksum(bids: list[list[str]], asks: list[list[str]]) -> int:
    """Signed CRC-32 of alternating bids and asks as `price:size`, joined by colons."""
    parts: list[str] = []
    for index in range(_CHECKED):
        for side in (bids, asks):
            if index < len(side):
                parts += side[index][:2]
    value = zlib.crc32(":".join(parts).encode())
    return value - 2**32 if value >= 2**31 else value


def trade(instrument: Instrument, trade: Trade) -> Json:
    """A public trade."""
    return {
        "instId": market_id(instrument),
        "tradeId": str(trade.id),
        "px": str(trade.price),
        "sz": str(trade.amount),
        "side": trade.side,
        "ts": str(trade.timestamp),
    }


def candle(candle: Candle, finished: bool) -> list[str]:
    """A candle, for REST and streams."""
    prices = [f"{price:.5f}" for price in (candle.open, candle.high, candle.low, candle.close)]
    volume, value = f"{candle.volume:.5f}", f"{candle.volume * candle.close:.5f}"
    return [str(candle.timestamp), *prices, volume, value, value, "1" if finished else "0"]


def ticker(market: Market, timestamp: int) -> Json:
    """The 24 hour ticker of a market."""
    day = market.candles.day()
    return {
        "instType": "SPOT",
        "instId": market_id(market.instrument),
        "last": f"{day.close:.5f}",
        "lastSz": str(market.instrument.lot),
        "askPx": str(market.best_ask),
        "askSz": "1",
        "bidPx": str(market.best_bid),
        "bidSz": "1",
        "open24h": f"{day.open:.5f}",
        "high24h": f"{day.high:.5f}",
        "low24h": f"{day.low:.5f}",
        "volCcy24h": f"{day.volume * day.close:.5f}",
        "vol24h": f"{day.volume:.5f}",
        "ts": str(timestamp),
        "sodUtc0": f"{day.open:.5f}",
        "sodUtc8": f"{day.open:.5f}",
    }


def order(order: Order) -> Json:
    """An order, for REST and for the orders channel."""
    request, last = order.request, order.fills[-1] if order.fills else None
    return {
        "instType": "SPOT",
        "instId": market_id(request.instrument),
        "ordId": str(order.id),
        "clOrdId": request.client_id,
        "tag": "",
        "px": str(request.price or ""),
        "sz": str(request.amount),
        "ordType": request.type,
        "side": request.side,
        "posSide": "",
        "tdMode": "cash",
        "tgtCcy": "base_ccy",
        "state": STATE[order.status],
        "accFillSz": str(order.filled),
        "avgPx": str(order.average or ""),
        "fillPx": str(last.price) if last else "",
        "fillSz": str(last.amount) if last else "0",
        "fillTime": str(last.timestamp) if last else "",
        "tradeId": str(last.id) if last else "",
        "execType": "" if last is None else "T" if request.type == "market" else "M",
        "fee": "0",
        "feeCcy": request.instrument.quote,
        "fillFee": "0",
        "fillFeeCcy": request.instrument.quote,
        "rebate": "0",
        "rebateCcy": request.instrument.base,
        "pnl": "0",
        "category": "normal",
        "ccy": "",
        "lever": "",
        "reduceOnly": "false",
        "code": "0",
        "msg": "",
        "cTime": str(order.created),
        "uTime": str(order.updated),
    }


def my_trade(order: Order, fill: Trade) -> Json:
    """A fill of an order of the account, for REST."""
    request = order.request
    return {
        "instType": "SPOT",
        "instId": market_id(request.instrument),
        "tradeId": str(fill.id),
        "billId": str(fill.id),
        "ordId": str(order.id),
        "clOrdId": request.client_id,
        "tag": "",
        "fillPx": str(fill.price),
        "fillSz": str(fill.amount),
        "side": request.side,
        "posSide": "net",
        "execType": "T" if request.type == "market" else "M",
        "fee": "0",
        "feeCcy": request.instrument.quote,
        "ts": str(fill.timestamp),
        "fillTime": str(fill.timestamp),
    }


def balance(currency: str, balance: Balance, timestamp: int) -> Json:
    """The balance of a currency."""
    total = balance.free + balance.locked
    return {
        "ccy": currency,
        "availBal": str(balance.free),
        "availEq": str(balance.free),
        "cashBal": str(total),
        "eq": str(total),
        "frozenBal": str(balance.locked),
        "ordFrozen": str(balance.locked),
        "uTime": str(timestamp),
    }
