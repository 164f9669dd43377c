"""Sends numbered OTLP requests as an SDK does, each until it is acknowledged, and keeps the receipts."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from botobs._ops.access.secrets import read_secret
from testbed.otlp_load import Request, Source

#: Seconds before a request that was refused or broken off is sent again.
_AGAIN = 0.1


class Sender:
    """A thread and a connection for each source; sends from entering to leaving.

    Args:
        endpoint: Of the collector.
        secrets: The stack's folder of secrets.
        sources: What is sent.
        pause: Seconds from one request of a source to its next; 0 is full load.
        patience: Seconds that a request may take, after which it is sent anew.
        limit: Requests that each source sends at most.

    Attributes:
        acknowledged: Numbers of the requests that were answered with 200, by source.
        answered_at: When each of them was, by the monotonic clock, in the same order.
        answers: How often each status was answered, 0 standing for a broken connection.
    """

    def __init__(
        self,
        endpoint: str,
        secrets: Path,
        sources: Sequence[Source],
        pause: float = 0.0,
        patience: float = 30.0,
        limit: int | None = None,
    ) -> None:
        self.sources = sources
        self.acknowledged: list[list[int]] = [[] for _ in sources]
        self.answered_at: list[list[float]] = [[] for _ in sources]
        self.answers: Counter[int] = Counter()
        self._target = urlsplit(endpoint)
        self._tls = ssl.create_default_context(cafile=str(secrets / "ca.pem"))
        self._token = read_secret(secrets / "service.token")
        self._pause, self._patience, self._limit = pause, patience, limit
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name=f"sender-{number}", daemon=True)
            for number in range(len(sources))
        ]

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self.join()

    def join(self) -> None:
        """Wait until every source has sent what it has; for those with a limit."""
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self.began

    @property
    def items(self) -> int:
        """Spans or points acknowledged so far."""
        return sum(
            len(receipts) * source.items
            for source, receipts in zip(self.sources, self.acknowledged, strict=True)
        )

    def _run(self, place: int) -> None:
        source, receipts = self.sources[place], self.acknowledged[place]
        connection = self._connect()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/x-protobuf"}
        while not self._end.is_set() and (self._limit is None or len(receipts) < self._limit):
            request, began = source.next(), time.monotonic()
            while not self._post(connection, source.path, request, headers):
                # What nobody has acknowledged may be missing.
                if self._end.wait(_AGAIN):
                    return connection.close()
            self.answered_at[place].append(time.monotonic())
            receipts.append(request.number)
            if (rest := self._pause - (time.monotonic() - began)) > 0:
                self._end.wait(rest)
        return connection.close()

    def _post(
        self, connection: http.client.HTTPSConnection, path: str, request: Request, headers: dict[str, str]
    ) -> bool:
        try:
            connection.request("POST", path, request.body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self.answers[0] += 1
            return False
        self.answers[response.status] += 1
        return response.status == 200

    def _connect(self) -> http.client.HTTPSConnection:
        assert self._target.hostname
        return http.client.HTTPSConnection(
            self._target.hostname, self._target.port, context=self._tls, timeout=self._patience
        )
