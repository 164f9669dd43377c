"""hostile_web.py FRAMEWORK plain|watched: what a framework's own server answers to requests that nobody means well.

Prints JSON: the answers, and the names of the spans.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from botobs.testing import capture


class Broken(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def request(line: bytes = b"GET /a/1 HTTP/1.1", *headers: bytes, body: bytes = b"") -> bytes:
    """A request, with the host `x` where no header is given."""
    given = headers or (b"Host: x",)
    return b"".join(each + b"\r\n" for each in (line, *given, b"Connection: close", b"")) + body


#: How often a framework makes up the same request with another path or method: its spans must not have names of these.
MADE_UP = 5
REQUESTS = [
    request(),
    request(b"GET /a/1?q=\xff\xfe HTTP/1.1"),
    request(b"GET /a/1?q=%ff%zz%&=%00&a;b HTTP/1.1"),
    *(request(b"GET /a/" + path + b" HTTP/1.1") for path in (b"\xff\xfe", b"%ff%fe", b"%zz%%", b"%00%0d%0a")),
    *(request(b"GET /a/" + path + b" HTTP/1.1") for path in (b"%ed%a0%80", b"\xe2\x84\x80", b"x" * 7000)),
    *(request(b"GET " + path + b" HTTP/1.1") for path in (b"//[x", b"//a]b/%5b", b"//u:p@h:port/a")),
    *(request(b"GET " + path + b" HTTP/1.1") for path in (b"//\xe2\x84\x80.com/a", b"//%E2%84%80.com/a")),
    request(b"GET /a/1?" + b"y=%41&" * 1000 + b" HTTP/1.1"),
    request(b"GET /a/1 HTTP/1.1", b"X: without a host"),
    request(b"GET /a/1 HTTP/1.1", b"Host: a", b"Host: b"),
    *(
        request(b"GET /a/1 HTTP/1.1", b"Host: " + host)
        for host in (
            b"",
            b"a:b:c",
            b"a:" + b"9" * 20,
            b"a:-1",
            b"a:\xb2",
            b"[::1",
            b"\xff\xfe",
            b"u:p@h:1/x?y#z",
        )
    ),
    *(
        request(b"GET /a/1 HTTP/1.1", b"Host: x", header)
        for header in (
            b"User-Agent: \xff\xfe\x80",
            b"User-Agent: " + b"u" * 4000,
            b"X-A: \xff\xc3\x28",
            b"traceparent: \xff\xfe",
            b"traceparent: zz",
            b"tracestate: \xff=\xfe",
            b"baggage: \xff=\xff,%ff=%zz;;;==",
            b"baggage: " + b",".join(b"k%d=v" % number for number in range(300)),
            b"X-Forwarded-For: \xff, [::, unknown",
        )
    ),
    *(request(method + b" /a/1 HTTP/1.1") for method in (b"get", b"X" * 300, b"A!#$%&'*+")),
    *(request(b"MADE%d /a/1 HTTP/1.1" % number) for number in range(MADE_UP)),
    *(request(b"MADE%d /up HTTP/1.1" % number) for number in range(MADE_UP)),
    *(request(b"GET /up/%d HTTP/1.1" % number) for number in range(MADE_UP)),
    *(request(b"GET /a/%d HTTP/1.1" % number) for number in range(MADE_UP)),
    *(request(b"GET http://e.example:1" + path + b" HTTP/1.1") for path in (b"/a/1?x", b":x/a/1")),
    request(b"GET http://[::1/a/1 HTTP/1.1"),
    *(request(line) for line in (b"OPTIONS * HTTP/1.1", b"GET * HTTP/1.1", b"CONNECT a.b:443 HTTP/1.1")),
    *(request(line) for line in (b"GET a/1 HTTP/1.1", b"GET ?x=1 HTTP/1.1", b"GET /a/1#f?x HTTP/1.1")),
    request(b"GET /a/1 HTTP/1.0", b"X: without a host"),
    *(
        request(b"POST /a/1 HTTP/1.1", b"Host: x", b"Content-Length: " + length, body=b"abc")
        for length in (b"3", b"3, 3", b"+3", b"abc")
    ),
    request(b"GET /boom HTTP/1.1"),
    request(b"GET /broken HTTP/1.1"),
    # A context that a request has left behind would be that of the next one.
    request(),
]


def ask(port: int, data: bytes) -> str:
    """Send a request, and give the answer without what differs from run to run."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(data)
        try:
            while part := connection.recv(65536):
                answer += part
        except OSError as error:
            answer += type(error).__name__.encode()
    answer = re.sub(rb"(?i)\r\n(date|etag|allow): [^\r]*", b"", answer)
    return re.sub(rb"0x[0-9a-f]+", b"0x", answer)[:1000].decode("latin-1")


def of_wsgi(app: Any) -> int:
    """Serve a WSGI application; returns the port."""
    import waitress

    server: Any = waitress.create_server(app, host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    return int(server.effective_port)


def falcon() -> int:
    """Falcon on waitress; its middleware is a tuple, which upstream cannot insert into."""
    import falcon as library

    class Middleware:
        def process_request(self, req: Any, resp: Any) -> None:
            """Do nothing."""

    class Resource:
        def __init__(self, answer: Callable[..., Any]) -> None:
            self.answer = answer

        def on_get(self, req: Any, resp: Any, **found: Any) -> None:
            """Answer."""
            resp.text = repr(self.answer(**found))

    app = library.App(middleware=(Middleware(),))
    for path, answer in ROUTES.items():
        app.add_route(path, Resource(answer))
    return of_wsgi(app)


def pyramid() -> int:
    """Pyramid on waitress."""
    from pyramid.config import Configurator
    from pyramid.response import Response

    with Configurator() as config:
        for number, (path, answer) in enumerate(ROUTES.items()):
            config.add_route(str(number), path)

            def view(request: Any, answer: Callable[..., Any] = answer) -> Any:
                return Response(repr(answer(**request.matchdict)))

            config.add_view(view, route_name=str(number))
        return of_wsgi(config.make_wsgi_app())


def flask() -> int:
    """Flask on waitress."""
    import flask as library

    app = library.Flask("tested")
    for path, answer in ROUTES.items():
        app.add_url_rule(
            path.replace("{x}", "<x>"),
            path,
            lambda answer=answer, **found: repr(answer(**found)),
            methods=["GET", "POST"],
        )
    return of_wsgi(app)


def wsgi() -> int:
    """A bare application in the middleware that the service itself has put around it."""
    from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware  # type: ignore[import-not-found]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr(environ["PATH_INFO"]).encode()]

    return of_wsgi(OpenTelemetryMiddleware(app))


def tornado() -> int:
    """Tornado's own server."""
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application, RequestHandler

    def handler(answer: Callable[..., Any]) -> type[Any]:
        class Handler(RequestHandler):  # type: ignore[misc]
            def get(self, *found: str) -> None:
                """Answer."""
                self.write(repr(answer(*found)))

        return Handler

    sockets: list[Any] = []
    ready = threading.Event()

    async def serve() -> None:
        routes = [(path.replace("{x}", "(.*)"), handler(answer)) for path, answer in ROUTES.items()]
        sockets.extend(bind_sockets(0, "127.0.0.1"))
        HTTPServer(Application(routes)).add_sockets(sockets)
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=[serve()], daemon=True).start()
    ready.wait()
    return int(sockets[0].getsockname()[1])


def litestar() -> int:
    """Litestar on uvicorn."""
    import uvicorn
    from litestar import Litestar, get

    @get("/a/{x:str}")  # type: ignore[untyped-decorator]
    async def echo(x: str) -> str:
        return x

    @get("/boom")  # type: ignore[untyped-decorator]
    async def boom() -> str:
        raise ZeroDivisionError

    @get("/broken")  # type: ignore[untyped-decorator]
    async def broken() -> str:
        raise Broken

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(Litestar([echo, boom, broken]), log_level="critical", lifespan="off")
    )
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    return int(listening.getsockname()[1])


def _boom() -> None:
    raise ZeroDivisionError


def _broken() -> None:
    raise Broken


ROUTES: dict[str, Callable[..., Any]] = {"/a/{x}": lambda x: x, "/boom": _boom, "/broken": _broken}
FRAMEWORKS = {each.__name__: each for each in (falcon, pyramid, flask, wsgi, tornado, litestar)}


def main(framework: str, mode: str) -> None:
    """Ask all, and print what came."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    watching: AbstractContextManager[Any] = capture() if mode == "watched" else nullcontext()
    with watching as captured:
        port = FRAMEWORKS[framework]()
        answers = [ask(port, each) for each in REQUESTS]
        spans = [] if captured is None else [(span.name, span.parent_id) for span in captured.spans]
        print(json.dumps({"answers": answers, "spans": spans}), flush=True)
    # Servers run on.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
