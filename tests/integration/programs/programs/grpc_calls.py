"""grpc_calls.py functions|coroutines plain|watched: calls of gRPC as programs make and serve them, odd ones too.

Prints JSON: what came of each call, and the names of the spans.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent import futures
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from botobs.testing import capture

#: Numbers that a stream sends before it ends; one that is cancelled never ends by itself.
SOME, MANY = 3, 10**9


class Broken(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def answer(method: str, context: Any) -> bytes:
    """What a handler does, by the end of its method."""
    import grpc

    wanted = method.rpartition("/")[2]
    if wanted == "metadata":
        sent = [pair for pair in context.invocation_metadata() if pair[0].startswith("k")]
        return repr([tuple(pair) for pair in sent]).encode()
    if wanted in {"code", "number", "none"}:
        context.set_code({"code": grpc.StatusCode.INTERNAL, "number": 5, "none": None}[wanted])
    if wanted == "boom":
        raise ZeroDivisionError
    if wanted == "broken":
        raise Broken
    return wanted.encode()


def numbers(method: str, context: Any) -> Iterator[bytes]:
    """What the handler of a stream does."""
    import grpc

    for number in range(MANY if method.endswith("endless") else SOME):
        if not context.is_active():
            return
        yield str(number).encode()
    if method.endswith("failing"):
        context.abort(grpc.StatusCode.INTERNAL, "failed")


async def numbers_later(method: str, context: Any) -> AsyncIterator[bytes]:
    """The same as a coroutine; it is cancelled where the call is."""
    import grpc

    for number in range(MANY if method.endswith("endless") else SOME):
        yield str(number).encode()
        # Another task has its turn: the one that cancels this.
        await asyncio.sleep(0.001)
    if method.endswith("failing"):
        await context.abort(grpc.StatusCode.INTERNAL, "failed")


def handlers(coroutines: bool) -> Any:
    """Take any method: those that have `stream` in them are streams."""
    import grpc

    class Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            method = details.method
            if "stream" in method and not coroutines:
                return grpc.unary_stream_rpc_method_handler(lambda _, context: numbers(method, context))
            if "stream" in method:

                async def stream(_: bytes, context: Any) -> AsyncIterator[bytes]:
                    async for number in numbers_later(method, context):
                        yield number

                return grpc.unary_stream_rpc_method_handler(stream)
            if not coroutines:
                return grpc.unary_unary_rpc_method_handler(lambda _, context: answer(method, context))

            async def handle(_: bytes, context: Any) -> bytes:
                return answer(method, context)

            return grpc.unary_unary_rpc_method_handler(handle)

    return Handlers()


def calls(channel: Any, coroutines: bool) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The calls, each with a name."""
    import grpc

    methods = (
        "/s/plain",
        "/no-slash",
        "//odd",
        "/a/b/c",
        "/s/code",
        "/s/number",
        "/s/none",
        "/s/boom",
    )
    for method in methods:
        yield method, functools.partial(channel.unary_unary(method), b"")
    pairs = (("k", "1"), ("k", "2"), ("ka", "3"))
    if not coroutines:
        # A server of `grpc.aio` never answers that.
        yield "broken", lambda: channel.unary_unary("/s/broken")(b"")
    yield "metadata", lambda: channel.unary_unary("/s/metadata")(b"", metadata=pairs)
    yield "future", lambda: channel.unary_unary("/s/plain").future(b"").result()

    def cancelled() -> Any:
        call = channel.unary_stream("/stream/endless")(b"")
        first = next(call)
        call.cancel()
        try:
            list(call)
        except grpc.RpcError as error:
            return first, error is call, call.code()
        return "not cancelled"

    def whole() -> Any:
        call = channel.unary_stream("/stream/some")(b"", metadata=pairs)
        ended = threading.Event()
        return (
            call.add_callback(ended.set),
            list(call.initial_metadata()),
            list(call),
            call.code(),
            ended.wait(),
        )

    yield "cancelled", cancelled
    yield "whole", whole
    yield "failing", lambda: list(channel.unary_stream("/stream/failing")(b""))


def ask_all(port: int, coroutines: bool) -> dict[str, str]:
    """What came of each call."""
    import grpc

    found = {}
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for name, call in calls(channel, coroutines):
            try:
                found[name] = repr(call())
            except grpc.RpcError as error:
                found[name] = f"{error.code()} {error.details()}"
            except Exception as error:
                found[name] = type(error).__name__
    return found


async def serve_coroutines() -> dict[str, str]:
    """The same on a server of `grpc.aio`."""
    import grpc

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers(True),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    found = await asyncio.to_thread(ask_all, port, True)
    await server.stop(0)
    return found


def serve_functions() -> dict[str, str]:
    """Ask a server whose handlers are functions."""
    import grpc

    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((handlers(False),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    found = ask_all(port, False)
    server.stop(0).wait()
    return found


def main(kind: str, mode: str) -> None:
    """Ask all, and print what came."""
    logging.disable(logging.CRITICAL)
    watching: AbstractContextManager[Any] = capture() if mode == "watched" else nullcontext()
    with watching as captured:
        found = asyncio.run(serve_coroutines()) if kind == "coroutines" else serve_functions()
        spans = [] if captured is None else [(span.name, span.kind) for span in captured.spans]
    print(json.dumps({"answers": list(found.items()), "spans": spans}))


if __name__ == "__main__":
    main(*sys.argv[1:])
