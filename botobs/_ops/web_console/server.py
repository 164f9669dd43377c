"""Speaks HTTP on the loopback: keys and cookies, headers, and blocks as they come."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from markupsafe import Markup

from ..access import people
from ..access.people import Role
from ..errors import StackError, UserError
from ..home import state
from ..home.home import Home
from ..report.backends import Backends, connect
from ..settings.values import gather
from . import frame, oidc, site
from .keys import KEPT, Visitor, key_of, session_of, visitor_of
from .ranges import Range
from .request import Forbidden, Fragment, NoSuchPage, Page, Redirect, Request
from .response import Response

T = TypeVar("T")

_COOKIE = "botobs"
#: Of a sign-in that is under way at the provider.
_UNDER_WAY = "botobs-sign-in"
#: Bytes of a form at most.
_LARGEST = 64_000


class Server:
    """The console of a home, for whoever has a key.

    A key in the path (`/<key>/alerts`) becomes a cookie, with which the links of messages open from then on.

    Args:
        home: Of the stack, which need not run yet.
        port: 0 for a free one.

    Raises:
        StackError: The port is taken.
    """

    def __init__(self, home: Home, port: int = 0) -> None:
        self._home = home
        self._hosts = {"127.0.0.1", "localhost"}
        self._console = urlsplit(gather(home).texts.get("BOTOBS_CONSOLE_URL", ""))
        if self._console.netloc:
            self._hosts.add(self._console.netloc)
        self._provider = oidc.Provider.of(home)
        self._connected: tuple[state.Running, Backends] | None = None
        self._connections = AsyncExitStack()
        try:
            self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except OSError as error:
            raise StackError(
                f"port {port} cannot be used: {error.strerror}", "Leave it out for a free one."
            ) from None
        self._http.daemon_threads = True
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="console", daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}/"

    def url(self, role: Role = Role.OPERATOR) -> str:
        """The address with a key."""
        return f"{self.origin}{key_of(self._home, role)}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.server_close()
        self._run(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        """Give up blocks of pages that were left, and close the connections."""
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._connections.aclose()
        # A transport is closed in the loop's next turn.
        await asyncio.sleep(0)

    def serve_forever(self) -> None:
        """Answer until `stop`."""
        self._http.serve_forever()

    def stop(self) -> None:
        """End `serve_forever`; call it from another thread."""
        self._http.shutdown()

    def answer(self, method: str, target: str, headers: dict[str, str], body: str = "") -> Response:
        """The answer to a request.

        Args:
            method: `GET` or `POST`.
            target: The path with its query.
            headers: By their names in small letters.
            body: A form.
        """
        address = urlsplit(target)
        path = [unquote(part) for part in address.path.split("/") if part]
        if path == ["healthz"]:
            return Response(200, "text/plain", "ok\n")
        # Another site that resolves its name to the loopback must not get in even with a key.
        host = headers.get("host", "")
        if host not in self._hosts and host.rpartition(":")[0] not in self._hosts:
            return Response(403, "text/plain", f"forbidden: {host[:100]} is not this console\n")
        if path and path[0] == "static":
            return site.static(path[1:])
        form = dict(parse_qsl(body, keep_blank_values=True))
        if method == "POST" and not _same_site(headers, self._hosts):
            return Response(403, "text/plain", "forbidden: this form is of another site\n")
        try:
            response = self._to_visitor(method, address, path, headers, form)
            if "Set-Cookie" in response.headers and self._console[:2] == ("https", host):
                response.headers["Set-Cookie"] += "; Secure"
            return response
        except UserError as error:
            # The file of people cannot be read, or the provider lets nobody in.
            return self._stranger(str(error))

    def _stranger(self, problem: str = "", target: str = "/") -> Response:
        provider = self._provider.name if self._provider else ""
        return Response(403, "text/html", frame.stranger(problem, provider, target))

    def _to_visitor(
        self,
        method: str,
        address: SplitResult,
        path: list[str],
        headers: dict[str, str],
        form: dict[str, str],
    ) -> Response:
        if (method, path) == ("POST", ["sign-out"]):
            return self._signed_out(_cookie(headers, _COOKIE))
        key = form.get("key", "") if path == ["sign-in"] else path[0] if path else ""
        if path == ["sign-in"] and form.get("name"):
            person = people.identify(self._home.secrets, form["name"], form.get("password", ""))
            if person is None:
                return self._stranger("That is not a name and its password.")
            return _sign_in(session_of(person), "/")
        if visitor_of(self._home, key) is not None:
            rest = [] if path == ["sign-in"] else path[1:]
            return _sign_in(key, _within(rest, address.query))
        if self._provider is not None and path and path[0] == "oidc":
            return self._at_provider(self._provider, path, dict(parse_qsl(address.query)), headers)
        visitor = self._known(_cookie(headers, _COOKIE))
        if visitor is None:
            return self._stranger(target=_within(path, address.query) if method == "GET" else "/")
        try:
            query = dict(parse_qsl(address.query))
            return self._page(method, path, query, form, visitor)
        except UserError as error:
            status = 404 if isinstance(error, NoSuchPage) else 403 if isinstance(error, Forbidden) else 400
            return Response(status, "text/html", frame.refusal(str(error), visitor.role))

    def _signed_out(self, session: str) -> Response:
        """The browser forgets who has signed in; the provider does not, unless it is asked to."""
        provider = self._provider.name if self._provider else ""
        by_provider = self._provider is not None and self._provider.visitor(session) is not None
        page = frame.stranger("", provider, left="there" if by_provider else "here")
        return Response(200, "text/html", page, {"Set-Cookie": _kept("", 0)})

    def _known(self, session: str) -> Visitor | None:
        found = self._provider.visitor(session) if self._provider else None
        return found or visitor_of(self._home, session)

    def _at_provider(
        self, provider: oidc.Provider, path: list[str], query: dict[str, str], headers: dict[str, str]
    ) -> Response:
        """Send somebody to the provider, or take up who comes back from there."""
        host = headers["host"]
        back = f"{self._console.scheme if host == self._console.netloc else 'http'}://{host}{oidc.CALLBACK}"
        if path == ["oidc"]:
            address, state = provider.begin(back)
            # Where to go on stands in the browser: the provider need not know it.
            kept = f"{state}.{quote(query.get('to', ''), safe='')}"
            return _redirect(address, _kept(kept, oidc.UNDER_WAY, _UNDER_WAY, "/oidc"))
        if path == ["oidc", "sign-out"]:
            return Response(303, "text/plain", "", {"Location": provider.farewell()})
        if f"/{'/'.join(path)}" != oidc.CALLBACK:
            return self._stranger()
        state, _, target = _cookie(headers, _UNDER_WAY).partition(".")
        visitor = provider.end(query, state, back)
        to = urlsplit(unquote(target))
        place = _within([unquote(part) for part in to.path.split("/") if part], to.query)
        return _sign_in(provider.session(visitor), place, oidc.SESSION)

    def _page(
        self, method: str, path: list[str], query: dict[str, str], form: dict[str, str], visitor: Visitor
    ) -> Response:
        streamed = bool(path) and path[0] == "blocks"
        running, backends = self._run(self._backends()).result()
        wanted = Request(
            path[1:] if streamed else path, query, form, visitor, running, backends, Range.of(query)
        )
        found = site.change(wanted) if method == "POST" else site.page(wanted)
        match found:
            case Redirect():
                return Response(303, "text/plain", "", {"Location": found.path})
            case Fragment():
                return Response(200, "text/html", self._run(frame.safely(lambda: found.html)).result())
            case Page() if streamed:
                return Response(200, "application/x-ndjson", self._blocks(found))
            case Page():
                return Response(200, "text/html", frame.page(found, wanted))

    def _blocks(self, page: Page) -> Iterator[str]:
        """Each block as a line of JSON, as soon as it is there."""
        done: queue.Queue[tuple[str, Future[Markup]]] = queue.Queue()
        for name, make in page.blocks.items():
            made = self._run(frame.safely(make))
            made.add_done_callback(lambda future, name=name: done.put((name, future)))  # type: ignore[misc]
        for _ in page.blocks:
            name, future = done.get()
            yield json.dumps({"block": name, "html": future.result()}) + "\n"

    async def _backends(self) -> tuple[state.Running, Backends]:
        """Those of the stack as it runs now."""
        running = state.require(self._home)
        if self._connected is None or self._connected[0] != running:
            await self._connections.aclose()
            self._connections = AsyncExitStack()
            backends = await self._connections.enter_async_context(connect(running))
            self._connected = running, backends
        return self._connected

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _sign_in(session: str, place: str, seconds: int = KEPT) -> Response:
    return _redirect(place, _kept(session, seconds))


def _redirect(address: str, cookie: str) -> Response:
    return Response(303, "text/plain", "", {"Set-Cookie": cookie, "Location": address})


def _kept(value: str, seconds: int, name: str = _COOKIE, path: str = "/") -> str:
    """A cookie. A link in a mail must carry it too, and so must the way back from a provider: it cannot be `Strict`."""
    return f"{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax"


def _within(path: list[str], query: str) -> str:
    """An address of the console: whatever the parts hold, it leads to no other machine and ends no header."""
    place = "/".join(quote(part, safe="") for part in path if part)
    return f"/{place}" + (f"?{quote(query, safe='=&%+:,/-._~')}" if query else "")


def _same_site(headers: dict[str, str], hosts: set[str]) -> bool:
    """Whether a form was sent by a page of ours; a browser says so, other programs have no cookie of a victim."""
    if site_ := headers.get("sec-fetch-site"):
        return site_ == "same-origin"
    origin = urlsplit(headers.get("origin", ""))
    return not origin.netloc or origin.netloc in hosts or (origin.hostname or "") in hosts


def _cookie(headers: dict[str, str], name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "botobs"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer("GET", "")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > _LARGEST:
                self.send_error(413)
                return
            self._answer("POST", self.rfile.read(int(length)).decode("utf-8", "replace"))

        def _answer(self, method: str, body: str) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            response = server.answer(method, self.path, headers, body)
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            # Whoever has gone on to another page wants the rest no more.
            try:
                for part in response.parts:
                    self.wfile.write(part)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: an address may hold a key."""

    return Handler
