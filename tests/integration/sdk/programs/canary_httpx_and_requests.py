"""Secrets in headers, addresses and errors of httpx and requests."""

from __future__ import annotations

import asyncio

import httpx
import requests
from aiohttp import web

import botobs
from tests.integration.sdk.programs.canary import KEY, SHORT, begin, serve


async def respond(_: web.Request) -> web.Response:
    return web.Response(status=418, text=f"secret={SHORT}")


async def main() -> None:
    runner, port = await serve(respond)
    base = f"http://trader:{SHORT}@127.0.0.1:{port}/private/{KEY}?signature={SHORT}"
    headers = {"X-API-KEY": SHORT, "OK-ACCESS-SIGN": KEY}
    await asyncio.to_thread(requests.get, base, headers=headers)
    await asyncio.to_thread(httpx.get, base, headers=headers)
    async with httpx.AsyncClient() as client:
        try:
            (await client.get(base, headers=headers)).raise_for_status()
        except httpx.HTTPStatusError as error:
            with botobs.span("handling") as current:
                current.record_exception(error)
    for call in (requests.get, httpx.get):
        try:
            await asyncio.to_thread(call, f"http://u:{SHORT}@127.0.0.1:1/?apiKey={SHORT}")
        except Exception as error:
            with botobs.span("handling") as current:
                current.record_exception(error)
    await runner.cleanup()


begin()
asyncio.run(main())
