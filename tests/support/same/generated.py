"""Programs of any shape: trees of steps that Hypothesis makes, and what runs them.

A step is a list: its name, then what it needs; a body is a list of steps. Everything that such a program does is
deterministic, so that what it notes can be compared.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from hypothesis import strategies as st

from .scene import Scene

Step = list[Any]

_NUMBERS = st.integers(0, 3)
_ERRORS: tuple[Callable[[int], BaseException], ...] = (
    ValueError,
    KeyError,
    lambda number: ExceptionGroup("group", [ValueError(number), TypeError()]),
    lambda number: asyncio.CancelledError(str(number)),
)


def bodies() -> st.SearchStrategy[list[Step]]:
    """Strategy for generated programs: lists of steps, some of which hold further steps."""
    leaf = st.one_of(
        st.tuples(st.just("note"), _NUMBERS),
        st.tuples(st.just("log"), _NUMBERS),
        st.tuples(st.just("raise"), _NUMBERS),
        st.tuples(st.just("read")),
        st.tuples(st.just("pause")),
        st.tuples(st.just("query"), _NUMBERS),
        st.tuples(st.just("collect")),
    )

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        body = st.lists(inner, min_size=1, max_size=4)
        return st.one_of(
            st.tuples(st.sampled_from(["span", "thread", "pool", "generator", "timeout", "callback"]), body),
            st.tuples(st.just("variable"), _NUMBERS, body),
            st.tuples(st.just("try"), body, body, body),
            st.tuples(
                st.sampled_from(["gather", "collect results", "group"]),
                st.lists(body, min_size=1, max_size=3),
            ),
            st.tuples(st.sampled_from(["cancel", "shield"]), _NUMBERS, body),
            st.tuples(st.just("iterate"), _NUMBERS, body),
        )

    tree = st.recursive(leaf, deeper, max_leaves=20)
    return st.lists(tree, min_size=1, max_size=5).map(_as_lists)


def _as_lists(given: Any) -> Any:
    return [_as_lists(each) for each in given] if isinstance(given, list | tuple) else given


def program(body: list[Step], botobs: bool) -> Callable[[Scene], None]:
    """What runs a generated program.

    Args:
        body: Its steps.
        botobs: Whether its spans are real ones; without botobs they are nothing.
    """

    def run(scene: Scene) -> None:
        asyncio.run(_Interpreter(scene, botobs).run(body))

    return run


class _Interpreter:
    def __init__(self, scene: Scene, botobs: bool) -> None:
        self._scene = scene
        self._botobs = botobs
        self._variable: contextvars.ContextVar[int] = contextvars.ContextVar("number", default=-1)
        self._log = logging.getLogger("generated")
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("create table t (a integer primary key)")

    def _span(self) -> AbstractContextManager[Any]:
        if not self._botobs:
            return nullcontext()
        import botobs

        return botobs.span("generated", {"number": self._variable.get()})

    async def run(self, body: list[Step]) -> None:
        """Run steps in a task."""
        for name, *given in body:
            step = getattr(self, f"_on_{name.replace(' ', '_')}", None)
            if step is None:
                self._simple(name, given)
            else:
                await step(*given)

    def _simple(self, name: str, given: list[Any]) -> None:
        if name == "note":
            self._scene.note(given[0])
        elif name == "log":
            self._log.warning("number %d", *given, extra={"number": given[0]}, exc_info=given[0] == 3)
        elif name == "raise":
            raise _ERRORS[given[0]](given[0])
        elif name == "read":
            self._scene.note("variable", self._variable.get())
        elif name == "query":
            self._database.execute("insert into t values (?)", given)
        elif name == "collect":
            gc.collect()

    def _sync(self, body: list[Step]) -> None:
        """The steps that need no event loop, and those of `try` and `span` among them."""
        for name, *given in body:
            if name == "try":
                self._sync_try(*given)
            elif name == "span":
                with self._span():
                    self._sync(given[0])
            elif name == "generator":
                list(self._yielding(given[0]))
            else:
                self._simple(name, given)

    def _sync_try(self, body: list[Step], handler: list[Step], last: list[Step]) -> None:
        try:
            self._sync(body)
        except Exception as error:
            self._scene.note(error)
            self._sync(handler)
        finally:
            self._sync(last)

    def _yielding(self, body: list[Step]) -> Iterator[int]:
        for number, step in enumerate(body):
            self._sync([step])
            yield number

    async def _on_pause(self) -> None:
        await asyncio.sleep(0)

    async def _on_span(self, body: list[Step]) -> None:
        with self._span():
            await self.run(body)

    async def _on_try(self, body: list[Step], handler: list[Step], last: list[Step]) -> None:
        try:
            await self.run(body)
        except Exception as error:
            self._scene.note(error)
            await self.run(handler)
        finally:
            await self.run(last)

    async def _on_variable(self, number: int, body: list[Step]) -> None:
        token = self._variable.set(number)
        try:
            await self.run(body)
        finally:
            self._variable.reset(token)

    async def _on_thread(self, body: list[Step]) -> None:
        def run() -> None:
            try:
                self._sync(body)
            except BaseException as error:
                self._scene.note(error)

        thread = threading.Thread(target=run, name="generated")
        thread.start()
        thread.join()

    async def _on_pool(self, body: list[Step]) -> None:
        with concurrent.futures.ThreadPoolExecutor(1, "generated") as pool:
            pool.submit(self._sync, body).result()

    async def _on_generator(self, body: list[Step]) -> None:
        for number in self._yielding(body):
            self._scene.note("yielded", number)

    async def _on_timeout(self, body: list[Step]) -> None:
        async with asyncio.timeout(0):
            await self.run(body)

    async def _on_callback(self, body: list[Step]) -> None:
        done = asyncio.get_running_loop().create_future()

        def call() -> None:
            try:
                self._sync(body)
            except BaseException as error:
                self._scene.note(error)
            if not done.done():
                done.set_result(None)

        asyncio.get_running_loop().call_soon(call)
        await done

    async def _on_gather(self, bodies: list[list[Step]]) -> None:
        await asyncio.gather(*map(self.run, bodies))

    async def _on_collect_results(self, bodies: list[list[Step]]) -> None:
        self._scene.note(await asyncio.gather(*map(self.run, bodies), return_exceptions=True))

    async def _on_group(self, bodies: list[list[Step]]) -> None:
        async with asyncio.TaskGroup() as group:
            for body in bodies:
                group.create_task(self.run(body))

    async def _on_cancel(self, pauses: int, body: list[Step]) -> None:
        task = asyncio.create_task(self.run(body))
        for _ in range(pauses):
            await asyncio.sleep(0)
        task.cancel("generated")
        await asyncio.wait([task])
        self._scene.note(task.cancelled(), None if task.cancelled() else task.exception())

    async def _on_shield(self, pauses: int, body: list[Step]) -> None:
        task = asyncio.create_task(self.run(body))
        outer = asyncio.ensure_future(asyncio.shield(task))
        for _ in range(pauses):
            await asyncio.sleep(0)
        outer.cancel()
        self._scene.note(await asyncio.gather(outer, task, return_exceptions=True))

    async def _on_iterate(self, steps: int, body: list[Step]) -> None:
        async def iterate() -> AsyncIterator[int]:
            try:
                for number, step in enumerate(body):
                    await self.run([step])
                    yield number
            finally:
                self._scene.note("closed")

        async for number in iterate():
            if number >= steps:
                break
