"""Where alerts arrive in drills and tests: a mail server and a Slack-shaped HTTP server, over real sockets."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from ..components.ports import free_ports
from .inbox import Inbox, Message

__all__ = ["HttpSink", "Inbox", "MailSink", "Message", "slack_sink"]


class _Controller(Controller):
    """A controller that closes its connections when it stops."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sessions: list[SMTP] = []

    def factory(self) -> SMTP:
        """Create an SMTP handler as aiosmtpd does, and remember it."""
        session: SMTP = super().factory()  # type: ignore[no-untyped-call]
        self._sessions.append(session)
        return session

    def stop(self, *arguments: Any, **options: Any) -> None:
        """End the sessions, then the server: what is open when its loop ends is never closed."""
        asyncio.run_coroutine_threadsafe(self._end_sessions(), self.loop).result()
        super().stop(*arguments, **options)

    async def _end_sessions(self) -> None:
        for session in self._sessions:
            if isinstance(session.transport, asyncio.WriteTransport):
                # Not closed: with TLS that waits for the other side, and else for what is not written yet.
                session.transport.abort()
        # The next turns of the loop close their sockets.
        await asyncio.sleep(0.01)


class MailSink(AbstractContextManager["MailSink"]):
    """A mail server that keeps what it gets.

    Args:
        inbox: Where messages go.
        tls: Demand STARTTLS with this server's certificate.
        login: Demand this user and password.

    Attributes:
        port: On 127.0.0.1.
        logins: Users that have logged in.
    """

    def __init__(
        self, inbox: Inbox, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
    ) -> None:
        self.port = free_ports(1)[0]
        self.logins: list[str] = []
        self._inbox = inbox
        self._login = login
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=self._authenticate if login else None,
            auth_required=login is not None,
            # aiosmtpd asks for "User Name", where real servers ask for "Username:" and Alertmanager knows no other.
            auth_exclude_mechanism=["LOGIN"],
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        """Take a mail: aiosmtpd calls this by its name."""
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = mail.get_body(("plain",))
        self._inbox.add("email", str(mail["Subject"]), body.get_content() if body else "")
        return "250 OK"

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        if given != self._login:
            return AuthResult(success=False, handled=False)
        self.logins.append(given[0])
        return AuthResult(success=True)


class HttpSink(AbstractContextManager["HttpSink"]):
    """An HTTP server that takes JSON by POST.

    Args:
        take: Called with the path and the JSON of each request that gets status 200.
        refuse: Status codes for the next requests, before the next 200.

    Attributes:
        refuse: Those that are left.
        url: Its address.
        statuses: The HTTP status of each response, in order.
    """

    def __init__(self, take: Callable[[str, Any], None], refuse: Iterable[int] = ()) -> None:
        self._take = take
        self.refuse = list(refuse)
        self.statuses: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str, body: bytes) -> int:
        status = self.refuse.pop(0) if self.refuse else 200
        self.statuses.append(status)
        if status == 200:
            self._take(path, json.loads(body))
        return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = sink._answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Say nothing on standard error."""

        return Handler


def slack_sink(inbox: Inbox, refuse: Iterable[int] = ()) -> HttpSink:
    """What Slack's incoming webhook looks like from outside.

    Args:
        inbox: Where messages go.
        refuse: Status codes for the first requests.
    """

    def take(_path: str, body: Any) -> None:
        for attachment in body["attachments"]:
            inbox.add("slack", attachment["title"], attachment["text"])

    return HttpSink(take, refuse)
