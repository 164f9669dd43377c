"""Submits orders through one exchange client, in an environment of its own, and prints what botobs told of each.

    python client_orders.py CLIENT

One line of JSON a case: the case, what `botobs.orders` says, and how many orders the exchange holds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botobs import trading
from botobs.semconv import exchange as exchange_names
from botobs.semconv import trading as names
from botobs.testing import capture
from tests.support.order_desk import Behaviour, closed_url, order_desk

Call = Callable[[], Any]
KEY, SECRET = "k" * 32, "s" * 32


def pybit(url: str) -> Call:
    from pybit.unified_trading import HTTP

    session = HTTP(api_key=KEY, api_secret=SECRET, max_retries=1)
    session.endpoint = url
    return lambda: session.place_order(
        category="linear",
        symbol="BTCUSDT",
        side="Buy",
        orderType="Limit",
        qty="1",
        price="1",
        orderLinkId="mine",
    )


def python_okx(url: str, other: bool = False) -> Call:
    from okx.Trade import TradeAPI

    client = TradeAPI(KEY, SECRET, "passphrase", flag="0", domain=url)
    if other:
        return lambda: client.close_positions("BTC-USDT-SWAP", "cross")
    return lambda: client.place_order(
        instId="BTC-USDT", tdMode="cash", side="buy", ordType="limit", sz="1", px="1", clOrdId="mine"
    )


def binance_connector(url: str) -> Call:
    from binance.spot import Spot

    client = Spot(api_key=KEY, api_secret=SECRET, base_url=url, timeout=5)
    return lambda: client.new_order(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity=1, price=1
    )


def binance_sdk_spot(url: str) -> Call:
    from binance_common.configuration import ConfigurationRestAPI
    from binance_sdk_spot.spot import Spot

    configuration = ConfigurationRestAPI(
        api_key=KEY, api_secret=SECRET, base_path=url, retries=0, timeout=5000
    )
    client = Spot(config_rest_api=configuration)
    return lambda: client.rest_api.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=1.0)


def alpaca(url: str, other: bool = False) -> Call:
    from alpaca.trading.client import TradingClient
    from alpaca.trading.requests import MarketOrderRequest

    client = TradingClient(KEY, SECRET, url_override=url)
    if other:
        return lambda: client.close_position("AAPL")
    return lambda: client.submit_order(
        MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day")
    )


def coinbase(url: str, other: bool = False) -> Call:
    from coinbase.rest import RESTClient
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    client = RESTClient(api_key="organizations/o/apiKeys/k", api_secret=pem, timeout=5)
    client.base_url = url.removeprefix("http://")
    plain = client.session.request
    client.session.request = lambda method, address, **rest: plain(
        method, address.replace("https://", "http://"), **rest
    )
    if other:
        return lambda: client.close_position("mine", "BTC-PERP")
    return lambda: client.limit_order_gtc_buy("mine", "BTC-USD", "1", "1")


def krakenex(url: str) -> Call:
    import krakenex

    client = krakenex.API(KEY, SECRET)
    client.uri = url
    order = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "1", "price": "1"}
    return lambda: client.query_private("AddOrder", dict(order), timeout=5)


def kucoin(url: str, other: bool = False) -> Call:
    from kucoin_universal_sdk.api import DefaultClient
    from kucoin_universal_sdk.generate.spot.order import AddOrderReqBuilder, AddStopOrderReqBuilder
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
    if other:
        given = AddStopOrderReqBuilder().set_symbol("BTC-USDT").set_side("buy").set_type("limit")
        stop = given.set_size("1").set_price("1").set_stop_price("1").build()
        return lambda: api.add_stop_order(stop)
    return lambda: api.add_order(
        AddOrderReqBuilder()
        .set_symbol("BTC-USDT")
        .set_side("buy")
        .set_type("limit")
        .set_size("1")
        .set_price("1")
        .build()
    )


def hyperliquid(url: str) -> Call:
    from hyperliquid.api import API

    client = API(url, timeout=5)
    # As `Exchange.order` posts it, without the signature that needs a wallet.
    return lambda: client.post("/exchange", {"action": {"type": "order", "orders": []}, "nonce": 1})


#: By client: the exchange, how to make the call, and the answers of that exchange's documentation.
CLIENTS: dict[str, tuple[str, Callable[[str], Call], dict[Behaviour, tuple[int, object]]]] = {
    "pybit": (
        "bybit",
        pybit,
        {
            "take": (200, {"retCode": 0, "retMsg": "OK", "result": {"orderId": "1", "orderLinkId": "mine"}}),
            "refuse": (200, {"retCode": 110007, "retMsg": "ab not enough for new order", "result": {}}),
            "take, say that it is not known": (200, {"retCode": 10000, "retMsg": "Server Timeout"}),
            "take, say a code of no table": (200, {"retCode": 987654, "retMsg": "new"}),
            "take, say that it is there already": (
                200,
                {"retCode": 110072, "retMsg": "OrderLinkedID is duplicate"},
            ),
        },
    ),
    "python-okx": (
        "okx",
        python_okx,
        {
            "take": (
                200,
                {"code": "0", "data": [{"ordId": "1", "clOrdId": "mine", "sCode": "0", "sMsg": ""}]},
            ),
            "refuse": (200, {"code": "1", "data": [{"ordId": "", "sCode": "51008", "sMsg": "no balance"}]}),
            "take, say that it is not known": (
                200,
                {"code": "50004", "data": [], "msg": "Endpoint timed out"},
            ),
            "take, say a code of no table": (200, {"code": "1", "data": [{"ordId": "", "sCode": "98765"}]}),
            "take, say that it is there already": (
                200,
                {
                    "code": "1",
                    "data": [{"ordId": "", "sCode": "51016", "sMsg": "Duplicated client order ID"}],
                },
            ),
        },
    ),
    "binance-connector": ("binance", binance_connector, {}),
    "binance-sdk-spot": ("binance", binance_sdk_spot, {}),
    "alpaca-py": (
        "alpaca",
        alpaca,
        {
            "take": (200, {"id": "904837e3-3b76-47ec-b432-046db621571b"}),
            "refuse": (403, {"code": 40310000, "message": "insufficient buying power"}),
            "take, say that it is not known": (500, {"code": 50010000, "message": "internal server error"}),
            "take, say a code of no table": (422, {"code": 98765432, "message": "new"}),
            "take, say that it is there already": (
                422,
                {"code": 40010001, "message": "client_order_id must be unique"},
            ),
        },
    ),
    "coinbase-advanced-py": (
        "coinbase",
        coinbase,
        {
            "take": (
                200,
                {"success": True, "success_response": {"order_id": "1", "client_order_id": "mine"}},
            ),
            "refuse": (200, {"success": False, "error_response": {"error": "INSUFFICIENT_FUND"}}),
            "take, say that it is not known": (
                200,
                {"success": False, "error_response": {"error": "UNKNOWN_FAILURE_REASON"}},
            ),
            "take, say a code of no table": (
                200,
                {"success": False, "error_response": {"error": "NEW_REASON"}},
            ),
        },
    ),
    "krakenex": (
        "kraken",
        krakenex,
        {
            "take": (200, {"error": [], "result": {"descr": {"order": "buy"}, "txid": ["O1"]}}),
            "refuse": (200, {"error": ["EOrder:Insufficient funds"]}),
            "take, say that it is not known": (200, {"error": ["EService:Unavailable"]}),
            "take, say a code of no table": (200, {"error": ["ENew:Thing"]}),
            "take, say that it is there already": (200, {"error": ["EOrder:Duplicate cl_ord_id"]}),
        },
    ),
    "kucoin-universal-sdk": (
        "kucoin",
        kucoin,
        {
            "take": (200, {"code": "200000", "data": {"orderId": "1", "clientOid": "mine"}}),
            "refuse": (200, {"code": "200004", "msg": "Balance insufficient!"}),
            "take, say that it is not known": (200, {"code": "500000", "msg": "Internal Server Error"}),
            "take, say a code of no table": (200, {"code": "987654", "msg": "new"}),
            "take, say that it is there already": (200, {"code": "400100", "msg": "clientOid duplicate"}),
        },
    ),
    "hyperliquid": (
        "hyperliquid",
        hyperliquid,
        {
            "take": (200, {"status": "ok", "response": {"data": {"statuses": [{"resting": {"oid": 1}}]}}}),
            "refuse": (
                200,
                {"status": "ok", "response": {"data": {"statuses": [{"error": "Insufficient margin"}]}}},
            ),
            "take, say that it is not known": (500, "internal error"),
            "take, say a code of no table": (502, "bad gateway"),
            "take, say that it is there already": (
                200,
                {"status": "err", "response": "Invalid nonce: duplicate nonce 1"},
            ),
        },
    ),
}

#: How a position is closed, or an order is placed by an endpoint that the description of the client does not have.
OTHERS: dict[str, Callable[[str, bool], Call]] = {
    "alpaca-py": alpaca,
    "coinbase-advanced-py": coinbase,
    "kucoin-universal-sdk": kucoin,
    "python-okx": python_okx,
}
OTHER_CASES: list[Behaviour] = ["take", "refuse", "take, cut"]

CASES: list[Behaviour] = [
    "take",
    "refuse",
    "take, say that it is not known",
    "take, say a code of no table",
    "take, cut",
    "lose, cut",
    "take, cut the answer",
    "take, fail",
    "take, say that it is there already",
    "take, answer half a body",
    "take, answer nothing",
    "take, conflict",
    "take, time out at the gateway",
    "refuse, as a firewall",
    "take, answer a page",
]


def main(client: str) -> None:
    """Run each case of one client."""
    exchange, make, answers = CLIENTS[client]
    with order_desk() as desk, capture() as captured:
        desk.answers = answers
        for other in OTHER_CASES if client in OTHERS else ():
            desk.behaviours = [other] * 9
            before = counted(captured)
            _submit(OTHERS[client](desk.url, True), f"other: {other}", exchange)
            after = counted(captured)
            seen = {
                name: after[name] - before.get(name, 0)
                for name in after
                if after[name] != before.get(name, 0)
            }
            print(
                json.dumps({"other": other, "reported": reported(captured, f"other: {other}"), "seen": seen}),
                flush=True,
            )
        calls = {"": make(desk.url), "nobody listens": make(closed_url())}
        for case in [*CASES, "nobody listens"]:
            held = desk.held
            desk.behaviours = [case] * 9  # type: ignore[list-item]
            _submit(calls.get(case, calls[""]), case, exchange)
            print(
                json.dumps({"case": case, "reported": reported(captured, case), "held": desk.held - held}),
                flush=True,
            )


def _submit(call: Call, case: str, exchange: str) -> None:
    with suppress(Exception), trading.order(case, exchange=exchange).submission():
        call()


def counted(captured: Any) -> dict[str, float]:
    """Orders by outcome, as the client's instrumentation counts them."""
    points = captured.metrics.get(exchange_names.ORDERS.name, [])
    return {point.attributes[exchange_names.ORDER_OUTCOME]: point.value for point in points}


def reported(captured: Any, case: str) -> str:
    """What came of the order with this id."""
    [span] = [
        s for s in captured.spans if s.name == "order submit" and s.attributes[names.ORDER_CLIENT_ID] == case
    ]
    return str(span.attributes[names.ORDER_STAGE])


if __name__ == "__main__":
    main(sys.argv[1])
