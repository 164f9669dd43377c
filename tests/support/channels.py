"""The other side of each channel, over a real socket: takes what the real one documents, and refuses the rest.

Sources, as of November 2026:
Slack  https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and /messaging/formatting-message-text
Telegram  https://core.telegram.org/bots/api#sendmessage and https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
Discord  https://discord.com/developers/docs/resources/message#embed-object-embed-limits and /topics/rate-limits
PagerDuty  https://developer.pagerduty.com/docs/send-alert-event
Teams  https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
Pushover  https://pushover.net/api
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class Refusal(Exception):
    """The answer to a request that is refused: a status, a body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Kind:
    """What a channel documents.

    Attributes:
        path: Where it is posted to, the secret in it.
        read: The title and the text of a request, as a person sees them; raises Refusal.
        answer: Status and body where a request is taken.
        rate: So many requests in so many seconds.
        busy: Body of a 429.
    """

    path: str
    read: Callable[[str, Any], tuple[str, str]]
    answer: tuple[int, Any]
    rate: tuple[int, float]
    busy: Any = ""


def _need(holds: bool, status: int, body: Any) -> None:
    if not holds:
        raise Refusal(status, body)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _slack(_path: str, body: Any) -> tuple[str, str]:
    [attachment] = body["attachments"]
    title, text = attachment["title"], attachment["text"]
    for part in (title, text, attachment["fallback"]):
        _need(len(part) <= 4000, 400, "msg_too_long")
        # What is not escaped begins a link, or calls somebody.
        _need(not re.search(r"<(?!https?:)", part), 400, f"would call: {part}")
        _need(not re.search(r"&(?!(amp|lt|gt);)", part), 400, "an ampersand that is not escaped")
    _need("text" not in attachment["mrkdwn_in"], 400, "marks in names would be read")
    return _slack_text(title), _slack_text(text)


def _slack_text(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _telegram(path: str, body: Any) -> tuple[str, str]:
    def bad(why: str) -> dict[str, Any]:
        return {"ok": False, "error_code": 400, "description": f"Bad Request: {why}"}

    _need(path.endswith("/sendMessage"), 404, {"ok": False, "error_code": 404, "description": "Not Found"})
    _need(str(body["chat_id"]) == "-1001234567890", 400, bad("chat not found"))
    _need(0 < _utf16(body["text"].strip()) <= 4096, 400, bad("message is too long"))
    _need("parse_mode" not in body or not body["parse_mode"], 400, bad("can't parse entities"))
    called = re.findall(r"(?<!\w)@[A-Za-z]\w{4,}|(?<![\w/.:])/[a-z]\w*", body["text"])
    _need(not called, 400, bad(f"would call: {called}"))
    title, _, text = body["text"].partition("\n\n")
    return title.replace("\u200b", ""), text.replace("\u200b", "")


_MARKDOWN = re.compile(r"(?<!\\)(?:\\\\)*[*_~`|<>\[\]]")


def _discord(_path: str, body: Any) -> tuple[str, str]:
    [embed] = body["embeds"]
    title, text = embed["title"], embed["description"]
    _need(not body["content"], 400, {"message": "what is outside an embed can call people"})
    _need(
        0 < len(title) <= 256 and 0 < len(text) <= 4096, 400, {"code": 50035, "message": "Invalid Form Body"}
    )
    _need(len(title) + len(text) <= 6000, 400, {"code": 50035, "message": "Embed size exceeds maximum size"})
    for part in (title.removeprefix("[" + title[1:].partition("]")[0] + "]"), text):
        _need(not _MARKDOWN.search(part), 400, {"message": f"Markdown in a name: {_MARKDOWN.findall(part)}"})
        _need(not re.search(r"@(everyone|here|&?\d)", part), 400, {"message": "would call"})
    return _unescaped(title), _unescaped(text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([^\w\s])", r"\1", text).replace("\u200b", "")


def _pagerduty(_path: str, body: Any) -> tuple[str, str]:
    payload = body["payload"]

    def invalid(why: str) -> dict[str, Any]:
        return {"status": "invalid event", "message": "Event object is invalid", "errors": [why]}

    _need(body["routing_key"] == "0123456789abcdef0123456789abcdef", 400, invalid("Invalid routing key"))
    _need(body["event_action"] in ("trigger", "resolve"), 400, invalid("Invalid event_action"))
    _need(0 < len(body["dedup_key"]) <= 255, 400, invalid("Length of 'dedup_key' is incorrect (maximum 255)"))
    _need(
        0 < len(payload["summary"]) <= 1024, 400, invalid("Length of 'summary' is incorrect (maximum 1024)")
    )
    _need(bool(payload["source"]), 400, invalid("'payload.source' is missing or blank"))
    _need(
        payload["severity"] in ("critical", "error", "warning", "info"), 400, invalid("'severity' is invalid")
    )
    _need(len(json.dumps(body)) <= 512_000, 413, "")
    _need(isinstance(payload["custom_details"]["firing"], str), 400, invalid("a name was read as YAML"))
    return payload["summary"], payload["custom_details"]["firing"]


def _teams(_path: str, body: Any) -> tuple[str, str]:
    _need(len(json.dumps(body, ensure_ascii=False).encode()) <= 28_000, 413, "message is too large")
    [card] = (each["content"] for each in body["attachments"])
    title, text = (block["text"] for block in card["body"])
    for part in (title.removeprefix("[" + title[1:].partition("]")[0] + "]"), text):
        _need(not _MARKDOWN.search(part), 400, f"Markdown in a name: {_MARKDOWN.findall(part)}")
    return _unescaped(title), _unescaped(text)


def _pushover(path: str, _body: Any) -> tuple[str, str]:
    given = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}

    def refused(why: str) -> dict[str, Any]:
        return {"status": 0, "errors": [why]}

    _need(given.get("token") == "a" * 30, 400, refused("application token is invalid"))
    _need(given.get("user") == "u" * 30, 400, refused("user identifier is not a valid user"))
    _need(0 < len(given.get("message", "")) <= 1024, 400, refused("message cannot be blank"))
    _need(len(given.get("title", "")) <= 250 and len(given.get("url", "")) <= 512, 400, refused("too long"))
    _need(-2 <= int(given["priority"]) <= 2, 400, refused("priority is invalid"))
    _need(
        int(given["retry"]) >= 30 and int(given["expire"]) <= 10800,
        400,
        refused("retry or expire is invalid"),
    )
    return given["title"], given["message"]


def _webhook(_path: str, body: Any) -> tuple[str, str]:
    _need(body["version"] == "4" and len(body["alerts"]) <= 50, 400, "not what is documented")
    return body["commonLabels"]["alertname"], body["commonAnnotations"].get("summary", "")


_TELEGRAM_BUSY = {
    "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1",
    "parameters": {"retry_after": 1},
}  # fmt: skip
KINDS = {
    "slack": Kind("/services/T0/B0/xyz", _slack, (200, "ok"), (10, 1.0), "rate_limited"),
    "telegram": Kind(
        "/bot12:token/",
        _telegram,
        (200, {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": -1001234567890}}}),
        (20, 60.0),
        _TELEGRAM_BUSY,
    ),
    "discord": Kind("/api/webhooks/1/token", _discord, (204, ""), (5, 2.0), {"retry_after": 1.0}),
    "pagerduty": Kind("/v2/enqueue", _pagerduty, (202, {"status": "success"}), (120, 60.0)),
    "teams": Kind("/workflows/1", _teams, (202, ""), (4, 1.0), "Rate limit"),
    "pushover": Kind("/1/messages.json", _pushover, (200, {"status": 1, "request": "1"}), (100, 1.0)),
    "webhook": Kind("/hook/secret", _webhook, (200, ""), (100, 1.0)),
}


@dataclass
class Fake(AbstractContextManager["Fake"]):
    """One channel.

    Args:
        name: Of `KINDS`.
        tls: Speak TLS after a CONNECT, as a proxy on the way to an address that cannot be changed.
        limited: Whether the documented rate is kept.

    Attributes:
        taken: Title and text of each message that was taken, as a person sees it.
        raw: What was sent for them.
        refused: What was answered to the others.
    """

    name: str
    tls: ssl.SSLContext | None = None
    limited: bool = False
    taken: list[tuple[str, str]] = field(default_factory=list)
    raw: list[Any] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kind = KINDS[self.name]
        self._times: deque[float] = deque()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = self.address + self._kind.path
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

    def answer(self, path: str, content: bytes) -> tuple[int, Any]:
        """Status and body for a request."""
        with self._lock:
            try:
                _need(path.startswith(self._kind.path), 404, "no_service")
                self._keep_rate()
                body = json.loads(content) if content else None
                message = self._kind.read(path, body)
            except Refusal as refusal:
                self.refused.append(refusal)
                return refusal.status, refusal.body
            self.taken.append(message)
            self.raw.append(body or path)
            return self._kind.answer

    def _keep_rate(self) -> None:
        number, seconds = self._kind.rate
        now = time.monotonic()
        while self._times and now - self._times[0] > seconds:
            self._times.popleft()
        _need(not self.limited or len(self._times) < number, 429, self._kind.busy)
        self._times.append(now)


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            assert fake.tls is not None, "nobody speaks TLS here"
            self.send_response(200)
            self.end_headers()
            self.connection = fake.tls.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb", -1)
            self.wfile = self.connection.makefile("wb", 0)

        def finish(self) -> None:
            super().finish()
            # That of TLS is not the one that the server knows of.
            self.connection.close()

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = fake.answer(self.path, content)
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(text.encode() if status != 204 else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing on standard error."""

    return Handler
