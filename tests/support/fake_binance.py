"""A loopback exchange that speaks as much of Binance's protocol as ccxt and python-binance need."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

SYMBOL = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "MARKET"],
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    ],
    "permissions": ["SPOT"],
}
LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
]


class FakeBinance:
    """Serves on a free loopback port between `start` and `stop`.

    Attributes:
        requests: What arrived: method, path with query, headers.
        bodies: The body of each of them.
        headers: Headers of every answer.
        failure: Status and body of every answer, or None to answer well.
        delay: Seconds before an order is answered.
        cut: Whether orders are read and the connection is cut without an answer.
        cut_answers: Whether the connection is cut in the middle of the answer to an order.
        dies: Whether the exchange is gone, for later connections too, once it has read an order.
        clock_ahead: Seconds that the exchange's clock is ahead of ours.
        order_status: Status of an order in the answer to its submission.
        sockets: The open WebSockets.
        frames: What arrived on them.
        answers_pings: Whether protocol pings get pongs.
        answers_frames: Whether requests over WebSockets are answered.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []
        self.bodies: list[str] = []
        self.headers: dict[str, str] = {"X-MBX-USED-WEIGHT-1M": "12", "X-MBX-ORDER-COUNT-10S": "1"}
        self.failure: tuple[int, str] | None = None
        self.delay = 0.0
        self.cut = False
        self.cut_answers = False
        self.dies = False
        self.clock_ahead = 0.0
        self.order_status = "NEW"
        self.sockets: list[web.WebSocketResponse] = []
        self.frames: list[Any] = []
        self.answers_pings = True
        self.answers_frames = True
        self.port = 0
        self._order_ids = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/ws{tail:.*}", self._websocket)
        app.router.add_get("/stream{tail:.*}", self._websocket)
        app.router.add_route("*", "/{tail:.*}", self._rest)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close everything."""
        for socket in self.sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def ccxt_config(self, **extra: Any) -> dict[str, Any]:
        """The configuration that points ccxt's Binance client here."""
        sections = (
            "public",
            "private",
            "v1",
            "sapi",
            "sapiV2",
            "sapiV3",
            "sapiV4",
            "fapiPublic",
            "dapiPublic",
        )
        return {
            "apiKey": "key",
            "secret": "secret",
            "enableRateLimit": False,
            "urls": {
                "api": {
                    **dict.fromkeys(sections, f"{self.url}/api/v3"),
                    "ws": {"spot": f"ws://127.0.0.1:{self.port}/ws"},
                }
            },
            "options": {
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
                "watchOrderBook": {"checksum": False},
            },
            **extra,
        }

    async def send(self, message: Any) -> None:
        """Send `message` on the last WebSocket."""
        await self.sockets[-1].send_str(message if isinstance(message, str) else json.dumps(message))

    def abort(self) -> None:
        """Cut the last WebSocket's TCP connection without a close frame."""
        socket = self.sockets.pop()
        transport = socket._req.transport if socket._req is not None else None
        assert transport is not None
        transport.abort()

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type == WSMsgType.PING and self.answers_pings:
                await socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                await self._frame(socket, message.data)
        return socket

    async def _frame(self, socket: web.WebSocketResponse, text: str) -> None:
        frame = json.loads(text)
        self.frames.append(frame)
        if "id" in frame and self.answers_frames:
            await socket.send_json({"id": frame["id"], "result": None})

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append((await request.read()).decode())
        self.requests.append((request.method, request.path_qs, dict(request.headers)))
        if self.failure is not None:
            status, body = self.failure
            return web.Response(
                status=status, text=body, headers=self.headers, content_type="application/json"
            )
        path = request.path.rsplit("/", 1)[-1]
        if path == "order":
            await asyncio.sleep(self.delay)
            if self.dies:
                await self._site.stop()
            if (self.cut or self.dies) and request.transport is not None:
                request.transport.abort()
            if self.cut_answers:
                return await self._half_an_answer(request)
        answer: Any = getattr(self, f"_{path}", dict)()
        return web.json_response(answer, headers=self.headers)

    async def _half_an_answer(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={**self.headers, "Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"symbol":"BTCUSDT",')
        if request.transport is not None:
            request.transport.close()
        return answer

    def _milliseconds(self) -> int:
        return int((time.time() + self.clock_ahead) * 1000)

    def _exchangeInfo(self) -> Any:
        return {"timezone": "UTC", "serverTime": 0, "rateLimits": LIMITS, "symbols": [SYMBOL]}

    def _time(self) -> Any:
        return {"serverTime": self._milliseconds()}

    def _ping(self) -> Any:
        return {}

    def _account(self) -> Any:
        return {
            "balances": [{"asset": "USDT", "free": "100", "locked": "0"}],
            "updateTime": self._milliseconds(),
        }

    def _depth(self) -> Any:
        return {"lastUpdateId": 100, "bids": [["100.0", "1"]], "asks": [["101.0", "1"]]}

    def _order(self) -> Any:
        self._order_ids += 1
        filled = self.order_status == "FILLED"
        return {
            "symbol": "BTCUSDT",
            "orderId": self._order_ids,
            "clientOrderId": f"client-{self._order_ids}",
            "transactTime": self._milliseconds(),
            "price": "100",
            "origQty": "1",
            "executedQty": "1" if filled else "0",
            "cummulativeQuoteQty": "100" if filled else "0",
            "status": self.order_status,
            "timeInForce": "GTC",
            "type": "LIMIT",
            "side": "BUY",
        }
