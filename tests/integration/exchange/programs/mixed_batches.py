"""Submits two orders in one request, of which the exchange takes one and refuses the other, each time in a block of
another order's: what that block is told.

    python mixed_batches.py CLIENT

One line of JSON a block: the id of its order, what it was told, and what was counted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from botobs import trading
from botobs.testing import capture
from tests.integration.exchange.programs.client_orders import CLIENTS, KEY, SECRET, counted, reported
from tests.support.order_desk import order_desk

Call = Callable[[], Any]
IDS = ("a", "b")


def pybit(url: str) -> Call:
    from pybit.unified_trading import HTTP

    session = HTTP(api_key=KEY, api_secret=SECRET, max_retries=1)
    session.endpoint = url
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "1", "price": "1"}
    return lambda: session.place_batch_order(
        category="linear", request=[order | {"orderLinkId": each} for each in IDS]
    )


def python_okx(url: str) -> Call:
    from okx.Trade import TradeAPI

    client = TradeAPI(KEY, SECRET, "passphrase", flag="0", domain=url)
    order = {
        "instId": "BTC-USDT",
        "tdMode": "cash",
        "side": "buy",
        "ordType": "limit",
        "sz": "1",
        "px": "1",
    }
    return lambda: client.place_multiple_orders([order | {"clOrdId": each} for each in IDS])


def krakenex(url: str) -> Call:
    import krakenex

    client = krakenex.API(KEY, SECRET)
    client.uri = url
    order = {"type": "buy", "ordertype": "limit", "volume": "1", "price": "1"}
    orders = [order | {"cl_ord_id": each} for each in IDS]
    return lambda: client.query_private("AddOrderBatch", {"pair": "XBTUSD", "orders": json.dumps(orders)})


def kucoin(url: str) -> Call:
    from kucoin_universal_sdk.api import DefaultClient
    from kucoin_universal_sdk.generate.spot.order import BatchAddOrdersOrderList, BatchAddOrdersReqBuilder
    from kucoin_universal_sdk.model import ClientOptionBuilder, TransportOptionBuilder

    options = (
        ClientOptionBuilder()
        .set_key(KEY)
        .set_secret(SECRET)
        .set_passphrase("passphrase")
        .set_spot_endpoint(url)
        .set_futures_endpoint(url)
        .set_broker_endpoint(url)
        .set_transport_option(TransportOptionBuilder().build())
        .build()
    )
    api = DefaultClient(options).rest_service().get_spot_service().get_order_api()
    orders = [
        BatchAddOrdersOrderList.from_dict(
            {
                "clientOid": each,
                "symbol": "BTC-USDT",
                "side": "buy",
                "type": "limit",
                "size": "1",
                "price": "1",
            }
        )
        for each in IDS
    ]
    return lambda: api.batch_add_orders(BatchAddOrdersReqBuilder().set_order_list(orders).build())


def hyperliquid(url: str) -> Call:
    from hyperliquid.api import API

    client = API(url, timeout=5)
    order = {"a": 0, "b": True, "p": "1", "s": "1", "r": False, "t": {"limit": {"tif": "Gtc"}}}
    action = {"type": "order", "orders": [order | {"c": each} for each in IDS], "grouping": "na"}
    return lambda: client.post("/exchange", {"action": action, "nonce": 1})


#: How each client sends both, and what its exchange answers, by its documentation.
BATCHES: dict[str, tuple[Callable[[str], Call], object]] = {
    "pybit": (
        pybit,
        {
            "retCode": 0,
            "retMsg": "OK",
            "result": {
                "list": [{"orderId": "1", "orderLinkId": "a"}, {"orderId": "", "orderLinkId": "b"}],
            },
            "retExtInfo": {"list": [{"code": 0, "msg": "OK"}, {"code": 110007, "msg": "ab not enough"}]},
        },
    ),
    "python-okx": (
        python_okx,
        {
            "code": "2",
            "msg": "Bulk operation partially succeeded.",
            "data": [
                {"ordId": "1", "clOrdId": "a", "sCode": "0", "sMsg": ""},
                {"ordId": "", "clOrdId": "b", "sCode": "51008", "sMsg": "no balance"},
            ],
        },
    ),
    "krakenex": (
        krakenex,
        {
            "error": [],
            "result": {
                "orders": [
                    {"txid": "O1", "descr": {"order": "buy"}},
                    {"error": "EOrder:Insufficient funds"},
                ]
            },
        },
    ),
    "kucoin-universal-sdk": (
        kucoin,
        {
            "code": "200000",
            "data": [
                {"orderId": "1", "clientOid": "a", "success": True},
                {"success": False, "failMsg": "The order funds should more then 0.1 USDT."},
            ],
        },
    ),
    "hyperliquid": (
        hyperliquid,
        {
            "status": "ok",
            "response": {
                "type": "order",
                "data": {"statuses": [{"resting": {"oid": 1}}, {"error": "Insufficient margin"}]},
            },
        },
    ),
}


def main(client: str) -> None:
    """Send both within a block of the first's, of the second's and of another order's."""
    make, answer = BATCHES[client]
    exchange = CLIENTS[client][0]
    with order_desk() as desk, capture() as captured:
        desk.answers["take"] = (200, answer)
        call = make(desk.url)
        before: dict[str, float] = {}
        for block in (*IDS, "another"):
            desk.behaviours = ["take"]
            with trading.order(block, exchange=exchange).submission():
                call()
            after = counted(captured)
            seen = {name: after[name] - before.get(name, 0) for name in after}
            before = after
            print(
                json.dumps({"block": block, "reported": reported(captured, block), "seen": seen}), flush=True
            )


if __name__ == "__main__":
    main(sys.argv[1])
