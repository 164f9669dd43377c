"""Functions that are watched, called wrongly, replaced for a while, and put back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import http.client
import os
import signal
import threading
import urllib.request
from collections.abc import Callable
from multiprocessing.pool import ThreadPool
from typing import Any

import aiohttp
import httpx
import requests
import urllib3

from tests.support.same.scene import Scene


class Hostile:
    """Raises whatever is asked of it."""

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"attribute {name}")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")


#: Arguments that no function of these libraries takes.
_WRONG: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((), {}),
    ((5,), {}),
    ((None,), {}),
    ((), {"unheard_of": 1}),
    (tuple(range(12)), {}),
    (("x",), {"request": 1, "url": 2}),
    ((Hostile(),), {}),
    ((Hostile(), Hostile()), {}),
)


def _each(scene: Scene, *functions: Callable[..., Any]) -> None:
    for function in functions:
        for args, kwargs in _WRONG:
            scene.attempt(functools.partial(function, *args, **kwargs))


def of_the_standard_library(scene: Scene) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", 1)
    with concurrent.futures.ThreadPoolExecutor(1) as executor, ThreadPool(1) as pool:
        _each(scene, connection.request, connection.send, connection.getresponse, urllib.request.urlopen)
        _each(scene, executor.submit, pool.apply_async, pool.imap)
        _each(scene, os.execv, os.execve, signal.signal, signal.getsignal, threading.Thread.start)


def of_clients(scene: Scene) -> Any:
    adapter = requests.adapters.HTTPAdapter()
    with requests.Session() as session, httpx.Client() as client:
        _each(scene, session.send, session.request, adapter.send, adapter.build_response)
        _each(scene, client.send, client.request, httpx.HTTPTransport().handle_request)
        _each(scene, urllib3.HTTPConnectionPool("127.0.0.1", 1).urlopen)


def of_asynchronous_clients(scene: Scene) -> Any:
    async def attempt(function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        try:
            scene.note(await function(*args, **kwargs))
        except Exception as error:
            scene.note(error)

    async def main() -> None:
        transport = httpx.AsyncHTTPTransport()
        async with aiohttp.ClientSession() as session, httpx.AsyncClient() as client:
            for function in (session._request, client.send, client.request, transport.handle_async_request):
                for args, kwargs in _WRONG:
                    await attempt(function, args, kwargs)

    asyncio.run(main())


def ends_of_forked_processes(scene: Scene) -> Any:
    for given in ((), ("x",), (1.5,), (1, 2), (2**40,)):
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            try:
                os._exit(*given)
            except Exception as error:
                os.write(writes, f"{type(error).__name__}: {error}".encode())
            os._exit(3)
        os.close(writes)
        scene.note(os.read(reads, 1000).decode(), os.waitpid(child, 0)[1])
        os.close(reads)


def methods_put_back(scene: Scene) -> Any:
    for owner, name in ((requests.Session, "send"), (httpx.HTTPTransport, "handle_request")):
        found = getattr(owner, name)
        scene.note(found is getattr(owner, name))
        setattr(owner, name, lambda *_: "another")
        scene.note(getattr(owner(), name)("x"))
        setattr(owner, name, found)
        scene.note(found is getattr(owner, name), getattr(owner, name) is getattr(owner, name))
        scene.note(getattr(owner(), name).__func__ is found, repr(found))
