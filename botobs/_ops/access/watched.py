"""HTTP to the parts of a running stack: a question ends soon after the part that it was put to stands still.

A part that is slow is waited for; one that stands still never responds. The supervisor, on the same machine, knows
which of the two it is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, wait
from pathlib import Path

import httpx

from ..errors import StackError
from ..processes import control

#: Seconds between two looks at a part that has not responded yet.
LOOK = 0.3
#: Seconds without a response and without work after which a part stands still.
SILENCE = 3.0
#: Seconds for which one that was found so is not asked again.
REST = 3.0
#: Seconds of processor in `SILENCE` which count as work: a few ticks of the system's clock.
_WORK = 0.02
#: Seconds in which the supervisor says what it knows.
_PATIENCE = 1.0


class StandsStill(httpx.TransportError):
    """A part does not respond, and is not going to.

    Args:
        reason: What is known of it, in a few words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"it does not answer: {reason}")
        self.reason = reason


class Watch:
    """Finds out whether a part stands still while questions to it wait.

    Args:
        supervisor: The control socket of the stack, `Home.control`.
        part: As `stack.json` names it.
        supervised: Whether there is a supervisor; containers have none, and are waited for as long as a request may
            take.
    """

    def __init__(self, supervisor: Path, part: str, supervised: bool = True) -> None:
        self._supervised = supervised
        self._supervisor = supervisor
        self._part = part
        self._found = -REST
        self._reason = ""

    def begin(self) -> Question:
        """A question is put to it.

        Raises:
            StandsStill: It was found to, a moment ago.
        """
        if time.monotonic() - self._found < REST:
            raise StandsStill(self._reason)
        return Question()

    def look(self, question: Question) -> None:
        """See whether it is worth waiting for the response to a question any longer; takes up to a second.

        Raises:
            StandsStill: It is not.
        """
        if reason := self._still(question):
            self._found, self._reason = time.monotonic(), reason
            raise StandsStill(reason)

    def _still(self, question: Question) -> str:
        waited = time.monotonic() - question.began
        try:
            own, every = control.vitals(self._supervisor, self._part, _PATIENCE)
        except StackError:
            return "nor does the stack's supervisor" if self._supervised and waited > SILENCE else ""
        if own and all(each.stopped for each in own.values()):
            return "its process is stopped"
        if own and question.idle(sum(each.processor for each in own.values())) > SILENCE:
            return "its process does nothing"
        # It may wait for another.
        stopped = [name for name, each in every.items() if each.stopped]
        return f"{', '.join(stopped)} stopped" if stopped and waited > SILENCE else ""


class Question:
    """A request that waits for its response."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._worked: float | None = None
        self._since = self.began

    def idle(self, processor: float) -> float:
        """Seconds for which the part has not worked.

        Args:
            processor: Seconds of processor that it has used so far.
        """
        now = time.monotonic()
        if self._worked is None or abs(processor - self._worked) > _WORK:
            self._worked, self._since = processor, now
        return now - self._since


class Watched(httpx.BaseTransport):
    """Sends requests to one part, as long as it does not stand still.

    Args:
        inner: What sends them.
        watch: Of the part.
    """

    def __init__(self, inner: httpx.BaseTransport, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole response.

        Raises:
            httpx.HTTPError: There is none.
        """
        question = self._watch.begin()
        response: Future[httpx.Response] = Future()
        # No request can be called back: a thread that waits for one must not keep the command from its end.
        threading.Thread(target=self._send, args=(request, response), daemon=True).start()
        while not wait({response}, timeout=LOOK).done:
            self._watch.look(question)
        return response.result()

    def _send(self, request: httpx.Request, sent: Future[httpx.Response]) -> None:
        try:
            response = self._inner.handle_request(request)
            try:
                content = b"".join(response.stream)  # type: ignore[arg-type]
            finally:
                response.close()
            sent.set_result(_whole(response, content))
        except BaseException as error:
            sent.set_exception(error)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncWatched(httpx.AsyncBaseTransport):
    """The same for asyncio.

    Args:
        inner: What sends the requests.
        watch: Of the part.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole response.

        Raises:
            httpx.HTTPError: There is none.
        """
        question = self._watch.begin()
        sent = asyncio.ensure_future(self._send(request))
        try:
            while not (await asyncio.wait({sent}, timeout=LOOK))[0]:
                await asyncio.to_thread(self._watch.look, question)
            return sent.result()
        finally:
            sent.cancel()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        try:
            content = b"".join([part async for part in response.stream])  # type: ignore[union-attr]
        finally:
            await response.aclose()
        return _whole(response, content)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _whole(response: httpx.Response, content: bytes) -> httpx.Response:
    """A response whose body is here, as it came: what is compressed is left to the client."""
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=httpx.ByteStream(content),
        extensions=response.extensions,
    )
