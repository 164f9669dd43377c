"""Secrets in headers, addresses, bodies and errors of aiohttp, client and server."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
from aiohttp import web

from tests.integration.sdk.programs.canary import KEY, SHORT, begin, serve


async def respond(request: web.Request) -> web.Response:
    if "fail" in request.path:
        raise web.HTTPForbidden(text=f"key {KEY} is not allowed: signature={SHORT}")
    if "burst" in request.path:
        raise RuntimeError(f"cannot verify apiKey={SHORT} of {request.url}")
    return web.json_response({"token": KEY})


async def main() -> None:
    runner, port = await serve(respond)
    headers = {"X-MBX-APIKEY": SHORT, "X-Authorization": f"Bearer {KEY}", "Cookie": f"session={SHORT}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("order", "fail", "burst", f"ws/{KEY}"):
            url = f"http://trader:{SHORT}@127.0.0.1:{port}/{path}?symbol=BTC&signature={SHORT}&apiKey={KEY}"
            async with session.post(url, json={"secret": KEY}) as response:
                await response.read()
        try:
            await session.get(f"http://127.0.0.1:1/?signature={SHORT}")
        except aiohttp.ClientError:
            logging.exception("cannot reach it with apiKey=%s", SHORT)
    await runner.cleanup()


begin()
asyncio.run(main())
