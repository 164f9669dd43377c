"""A service whose exchange lets its listen key go: each renewal is refused, until the input ends."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler

import ccxt

import botobs
from testbed.http_server import serving

_KEY = b'{"listenKey": "one"}'
#: https://developers.binance.com/docs/binance-spot-api-docs/errors
_GONE = b'{"code": -1125, "msg": "This listenKey does not exist."}'


class _Exchange(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self._answer(200, _KEY)

    def do_PUT(self) -> None:
        self._answer(400, _GONE)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Renew until the input ends, and say goodbye."""
    botobs.init("streaming")
    with serving(_Exchange) as server:
        client = ccxt.binance({"apiKey": "key", "secret": "secret", "enableRateLimit": False})
        url = f"http://127.0.0.1:{server.server_port}/api/v3"
        client.urls["api"] = dict.fromkeys(client.urls["api"], url)
        over = threading.Event()

        def stream() -> None:
            while not over.is_set():
                key = client.public_post_userdatastream()["listenKey"]
                try:
                    client.public_put_userdatastream({"listenKey": key})
                except ccxt.BaseError:
                    over.wait(0.5)

        streaming = threading.Thread(target=stream)
        streaming.start()
        sys.stdin.read()
        over.set()
        streaming.join()
    botobs.shutdown()


if __name__ == "__main__":
    main()
