"""The dead man's switch: runs outside the stack, receives its Watchdog, and mails when that stops.

No alert can report that alerting is broken. So one alert, the Watchdog, always fires and is posted here every minute;
when it stops coming, whatever the reason, this process sends a mail by itself. It needs nothing of the stack: run it on
another machine, or use a service that does the same.
"""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

#: Name under which drills list the mail on silence, beside the alerts of Prometheus.
ALERT = "WatchdogSilent"
#: Seconds between two looks at the clock, and between two attempts to send a mail.
_LOOK = 0.5


@dataclass(frozen=True)
class Mailer:
    """Sends mails.

    Attributes:
        host: The mail server.
        port: Its port.
        sender: Who writes.
        to: Who reads.
        starttls: Encrypt, or send nothing.
        login: User and password, or None.
    """

    host: str
    port: int = 25
    sender: str = "botobs@localhost"
    to: str = "root@localhost"
    starttls: bool = True
    login: tuple[str, str] | None = None

    def __call__(self, subject: str, text: str) -> None:
        """Send one mail.

        Raises:
            OSError: The server cannot be reached, or refuses (`smtplib.SMTPException` is one).
        """
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, self.to, subject
        mail.set_content(text)
        with smtplib.SMTP(self.host, self.port, timeout=10) as server:
            if self.starttls:
                server.starttls()
            if self.login:
                server.login(*self.login)
            server.send_message(mail)


class Deadman(AbstractContextManager["Deadman"]):
    """Listens for one stack's Watchdog.

    Args:
        tell: Sends a mail with a subject and a text. After an OSError it is called again.
        name: Which stack it is, for the reader.
        silence: Seconds without the Watchdog after which a mail is sent.
        address: Where to listen.
        secret: Path that Alertmanager posts to: who does not know it cannot keep the switch quiet.

    Attributes:
        url: Address for Alertmanager, the secret included.
        heard: When the Watchdog was received last, in seconds since the epoch; 0 before the first time.
    """

    def __init__(
        self,
        tell: Callable[[str, str], None],
        name: str = "botobs",
        silence: float = 180.0,
        address: tuple[str, int] = ("127.0.0.1", 0),
        secret: str = "watchdog",
    ) -> None:
        self._tell = tell
        self._name = name
        self._silence = silence
        self._path = f"/{secret}"
        self._server = ThreadingHTTPServer(address, self._handler())
        self.url = f"http://{address[0]}:{self._server.server_address[1]}{self._path}"
        self.heard = 0.0
        self._began = time.time()
        self._silent_since: float | None = None
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._watch, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()

    def _watch(self) -> None:
        # A stack that never calls is as silent as one that has stopped.
        while not self._closing.wait(_LOOK):
            last = self.heard or self._began
            quiet = time.time() - last > self._silence
            if quiet and self._silent_since is None:
                text = (
                    f"Alertmanager of {self._name} has not sent its Watchdog for {self._silence:g} s. No alert of\n"
                    "this stack would reach you now: look whether its machine, Prometheus and Alertmanager run.\n"
                )
                if self._said("CRITICAL", last, text):
                    self._silent_since = last
            elif not quiet and self._silent_since is not None:
                text = f"Alertmanager of {self._name} sends its Watchdog again.\n"
                if self._said("RESOLVED", self._silent_since, text):
                    self._silent_since = None

    def _said(self, severity: str, since: float, text: str) -> bool:
        when = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        try:
            self._tell(f"[{severity}] {ALERT}: {self._name}, since {when}", text)
        except OSError:
            return False
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        deadman = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                known = self.path == deadman._path
                if known:
                    deadman.heard = time.time()
                self.send_response(200 if known else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing on standard error."""

        return Handler
