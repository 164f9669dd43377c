"""Tests of a description of an exchange client (`botobs.clients.ExchangeClient`), against the real library.

    from botobs.testing import clients

    def test_an_order_is_seen():
        with clients.exchange({"POST /order": (200, {"id": "7"})}) as url, clients.watched(MyClient()) as seen:
            my_library.Client(url).place_order("BTC/EUR", "buy", 1)
        assert seen.span("create_order my-exchange").attributes["exchange.order.id"] == "7"

`watched` fails the test where the description raised, where one of its functions does not exist, and where a patch
stayed behind.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .._sdk.instrument.base import Telemetry
from .._sdk.instrument.exchange.clients.adapted import AdaptedClient
from .._sdk.patching import failures
from .._sdk.settings import Settings
from ..clients import ExchangeClient
from ._capture import Capture, capture

__all__ = ["exchange", "problems", "watched"]

_HTTP = frozenset({"", "aiohttp", "httpx", "requests", "urllib3"})

#: Status and body by method and end of the path, such as `POST /order`.
Answers = Mapping[str, tuple[int, Any]]


def problems(client: ExchangeClient) -> list[str]:
    """What is wrong with a description, without a call of the library; the library is imported.

    Returns:
        A sentence each.
    """
    found = []
    if client.name != client.name.lower().replace("-", "_") or not client.name:
        found.append(f"the name {client.name!r} is not in lower case, with underscores")
    if client.http not in _HTTP:
        found.append(f"{client.http!r} is no HTTP library whose requests are seen")
    if not client.calls and not client.sockets:
        found.append("no function makes calls or opens sockets")
    for group in ("calls", "requests", "sockets", "messages"):
        named = [target for target in getattr(client, group) if _function(target) is None]
        if named and len(named) == len(getattr(client, group)):
            found.append(f"none of {group} exists: {', '.join(named)}")
    return found


@contextmanager
def watched(client: ExchangeClient) -> Iterator[Capture]:
    """Capture what is recorded while the block runs, with the client watched as `client` says.

    Raises:
        AssertionError: There are `problems`, the description raised, or a patch stayed behind.
    """
    wrong = problems(client)
    assert not wrong, "; ".join(wrong)
    targets = [*client.calls, *client.requests, *client.sockets, *client.messages]
    before = [_function(target) for target in targets]
    counted = failures.counts().get(client.name, 0)
    instrumentation = AdaptedClient(client)
    with capture() as captured:
        instrumentation.install(Telemetry(captured.tracer_provider, captured.meter_provider, Settings()))
        try:
            yield captured
        finally:
            instrumentation.uninstall()
        raised = failures.counts().get(client.name, 0) - counted
        assert not raised, (
            f"the description of {client.name} raised {raised} times; the log says where (debug)"
        )
    left = [name for name, was in zip(targets, before, strict=True) if _function(name) is not was]
    assert not left, f"still patched: {', '.join(left)}"


@contextmanager
def exchange(answers: Answers) -> Iterator[str]:
    """An exchange on this machine, over HTTP; its address.

    Args:
        answers: The responses, by path. A path is compared from its end; one that fits none gets 404.
    """

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            for key, (status, body) in answers.items():
                method, _, end = key.partition(" ")
                if self.command == method and path.endswith(end):
                    self._send(status, body)
                    return
            self._send(404, {"message": f"nothing is said about {self.command} {path}"})

        def _send(self, status: int, body: Any) -> None:
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _function(target: str) -> Any:
    module, _, path = target.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ImportError:
        return None
    for name in path.split("."):
        found = getattr(found, name, None)
    return found
