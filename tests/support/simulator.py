"""The exchange simulator on a free port of the loopback, and clients that talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import ccxt.async_support
import ccxt.pro
from aiohttp import web

from botobs._demo.exchange_simulator.app import create_app
from botobs._demo.exchange_simulator.client import ccxt_config
from botobs._demo.exchange_simulator.control import EXCHANGES
from botobs._demo.exchange_simulator.exchange import Behaviour, Exchange

SYMBOL = "BTC/USDT"


@dataclass(frozen=True)
class Simulator:
    """A running simulator, and ways to talk to it."""

    url: str
    exchanges: dict[str, Exchange]
    session: aiohttp.ClientSession
    stack: AsyncExitStack

    async def rest(self, name: str, **changes: Any) -> Any:
        """A `ccxt.async_support` client that has loaded its markets."""
        return await self._client(getattr(ccxt.async_support, name), name, changes)

    async def pro(self, name: str) -> Any:
        """A `ccxt.pro` client that has loaded its markets."""
        return await self._client(getattr(ccxt.pro, name), name, {})

    async def socket(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """A raw WebSocket that answers no ping by itself."""
        address = f"{self.url}{path}"
        return await self.stack.enter_async_context(self.session.ws_connect(address, autoping=False))

    async def fault(self, fault: str, **settings: Any) -> None:
        """Turn a fault on, through the control API."""
        body = {"fault": fault, **settings}
        async with self.session.post(f"{self.url}/control/faults", json=body) as response:
            assert response.status == 200, await response.text()

    async def clear(self, fault: str, exchange: str) -> None:
        """Turn one of an exchange's off again."""
        where = {"fault": fault, "exchange": exchange}
        async with self.session.delete(f"{self.url}/control/faults", params=where) as response:
            assert response.status == 200, await response.text()

    async def counts(self, name: str) -> dict[str, Any]:
        """What the control API says that an exchange has counted."""
        async with self.session.get(f"{self.url}/control/counts") as response:
            counts: dict[str, Any] = (await response.json())[name]
            return counts

    async def _client(self, kind: Any, name: str, changes: dict[str, Any]) -> Any:
        client = kind(ccxt_config(name, self.url) | changes)
        self.stack.push_async_callback(client.close)
        await client.load_markets()
        return client


@asynccontextmanager
async def running_simulator(behaviour: Behaviour) -> AsyncIterator[Simulator]:
    """A simulator on a free port, in this process."""
    app = create_app(behaviour)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Simulator(url, app[EXCHANGES], session, stack)


async def watch_until(watch: Callable[[], Awaitable[Any]], condition: Callable[[Any], bool]) -> Any:
    """Watch until what comes fulfils `condition`; returns it."""
    while not condition(result := await watch()):
        await asyncio.sleep(0)
    return result
