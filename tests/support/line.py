"""A line between two parts that can be cut: a forwarder that refuses, or swallows everything and says nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Self

from botobs._ops.components.ports import free_ports

Cut = Literal["refused", "black-holed"]


class Line:
    """Forwards connections to `target` once that is known; until then it refuses them.

    Attributes:
        port: Where it is entered, on 127.0.0.1.
        target: The port that it leads to.
    """

    def __init__(self) -> None:
        self.port = free_ports(1)[0]
        self.target: int | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._whole = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def cut(self, how: Cut) -> Iterator[None]:
        """Cut it for the length of a block: connections are refused and broken, or stay and nothing comes through."""
        self._call(self._refuse() if how == "refused" else self._swallow())
        try:
            yield
        finally:
            # What was swallowed is gone, and with it the connections that wait for an answer.
            self._call(self._refuse())
            self._call(self._listen())

    def _call(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()  # type: ignore[arg-type]

    async def _listen(self) -> None:
        self._whole.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _swallow(self) -> None:
        self._whole.clear()

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        # Those that wait in the dark find that they are closed.
        self._whole.set()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._kept(writer):
            await self._whole.wait()
            if self.target is None or writer.is_closing():
                return
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", self.target)
                with self._kept(back):
                    pumps = [
                        asyncio.create_task(self._pump(reader, back)),
                        asyncio.create_task(self._pump(there, writer)),
                    ]
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                    for pump in pumps:
                        pump.cancel()
                    await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._whole.wait()
            sink.write(data)
            await sink.drain()

    @contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.transport.abort()
