"""Event loops: tasks, groups, cancellation, generators, streams, signals, executors."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from tests.support.same.scene import Scene

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


async def _double(number: int) -> int:
    await asyncio.sleep(0)
    if number == 3:
        raise ValueError(number)
    return 2 * number


def gathering(scene: Scene) -> Any:
    async def main() -> list[Any]:
        found = await asyncio.gather(*map(_double, range(5)), return_exceptions=True)
        try:
            await asyncio.gather(*map(_double, range(5)))
        except ValueError as error:
            scene.note(error, len(asyncio.all_tasks()))
        return list(found)

    return asyncio.run(main())


def groups_of_tasks(scene: Scene) -> Any:
    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            scene.note("cancelled", asyncio.current_task().cancelling())  # type: ignore[union-attr]

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(forever())
            group.create_task(_double(3))
            await asyncio.sleep(60)

    return asyncio.run(main())


def cancellation(scene: Scene) -> Any:
    async def stubborn() -> str:
        for _ in range(2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError as error:
                scene.note(error)
        return "done"

    async def main() -> Any:
        task = asyncio.create_task(stubborn(), name="stubborn")
        for message in ("one", "two"):
            await asyncio.sleep(0)
            task.cancel(message)
        scene.note(await task, task.cancelled(), task.get_name())
        inner = asyncio.ensure_future(_double(2))
        outer = asyncio.create_task(asyncio.wait_for(asyncio.shield(inner), 60))
        await asyncio.sleep(0)
        outer.cancel()
        return await asyncio.gather(outer, inner, return_exceptions=True)

    return asyncio.run(main())


def timeouts(scene: Scene) -> Any:
    async def main() -> None:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError as error:
            scene.note(error)
        await asyncio.wait_for(asyncio.sleep(60), 0.01)

    return asyncio.run(main())


def producers_and_consumers(scene: Scene) -> Any:
    async def main() -> int:
        queue: asyncio.Queue[int | None] = asyncio.Queue(2)

        async def produce() -> None:
            for number in range(10):
                await queue.put(number)
            await queue.put(None)

        producer, total = asyncio.create_task(produce()), 0
        while (item := await queue.get()) is not None:
            scene.note(queue.qsize(), len(asyncio.all_tasks()))
            total += item
        await producer
        return total

    return asyncio.run(main())


def generators_left_early(scene: Scene) -> Any:
    async def ticks() -> AsyncIterator[int]:
        try:
            for number in range(10):
                yield number
        finally:
            scene.note("closed", _variable.get())

    async def main() -> None:
        _variable.set("main")
        async for number in ticks():
            if number == 2:
                break
        gc.collect()
        await asyncio.sleep(0)
        scene.note("after")
        left = ticks()
        scene.note(await anext(left))

    return asyncio.run(main())


def context_variables(scene: Scene) -> Any:
    async def inner(name: str) -> str:
        before = _variable.get()
        _variable.set(name)
        await asyncio.sleep(0)
        scene.note(before, _variable.get())
        return name

    async def main() -> Any:
        _variable.set("outer")
        await asyncio.gather(inner("a"), inner("b"))
        await asyncio.create_task(inner("c"), context=contextvars.Context())
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: scene.note("callback", _variable.get()))
        # An executor does not carry a service's own variables.
        scene.note("executor", await loop.run_in_executor(None, _variable.get))
        scene.note("to_thread", await asyncio.to_thread(_variable.get))
        return _variable.get()

    return asyncio.run(main())


def order_of_callbacks(scene: Scene) -> Any:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for delay in (0.02, 0.01, 0, -1):
            loop.call_later(delay, scene.note, "later", delay)
        for number in range(3):
            loop.call_soon(scene.note, "soon", number)
        future = loop.create_future()
        future.add_done_callback(lambda done: scene.note("done", done.result()))
        future.set_result(1)
        await asyncio.sleep(0.05)

    return asyncio.run(main())


def exception_handler_of_the_loop(scene: Scene) -> Any:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        scene.note(loop.get_exception_handler())
        loop.set_exception_handler(lambda _, context: scene.note(sorted(context), context.get("exception")))
        loop.call_soon(lambda: 1 / 0)
        forgotten = asyncio.create_task(_double(3))
        await asyncio.wait([forgotten])
        del forgotten
        gc.collect()
        await asyncio.sleep(0)

    return asyncio.run(main())


def what_nobody_has_awaited(scene: Scene) -> Any:
    async def main() -> None:
        _double(1)  # type: ignore[unused-coroutine]
        task = asyncio.create_task(_double(3))
        await asyncio.wait([task])
        del task
        gc.collect()

    return asyncio.run(main())


def streams(scene: Scene) -> Any:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()

    async def main() -> Any:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"one\ntwo\n")
            lines = [await reader.readline(), await reader.readline()]
            writer.close()
            await writer.wait_closed()
        return lines

    return asyncio.run(main())


def child_process(scene: Scene) -> Any:
    async def main() -> Any:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "import sys; print(sys.stdin.read()); sys.exit(3)",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate(b"hello")
        return output, process.returncode

    return asyncio.run(main())


def signal_handler_of_the_loop(scene: Scene) -> Any:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGUSR1, signal.SIGTERM):
            came = asyncio.Event()
            loop.add_signal_handler(number, came.set)
            os.kill(os.getpid(), number)
            await came.wait()
            scene.note(loop.remove_signal_handler(number), signal.getsignal(number))

    return asyncio.run(main())


def another_event_loop(scene: Scene) -> Any:
    import uvloop

    async def main() -> Any:
        found = await asyncio.gather(*map(_double, range(5)), return_exceptions=True)
        scene.note(len(asyncio.all_tasks()), type(asyncio.get_running_loop()).__module__)
        return found

    return uvloop.run(main())


def loops_by_hand(scene: Scene) -> Any:
    loop = asyncio.new_event_loop()
    scene.note(loop.run_until_complete(_double(1)))
    scene.attempt(lambda: loop.run_until_complete(_double(3)))
    loop.call_soon(loop.stop)
    loop.run_forever()
    scene.note(loop.is_running(), loop.is_closed())
    loop.close()
    scene.attempt(loop.run_forever)
    coroutine = _double(1)
    scene.attempt(lambda: loop.run_until_complete(coroutine))
    coroutine.close()


def a_loop_within_a_loop(scene: Scene) -> Any:
    async def main() -> None:
        coroutine = _double(1)
        scene.attempt(lambda: asyncio.run(coroutine))
        coroutine.close()
        other = asyncio.new_event_loop()
        scene.attempt(other.run_forever)
        other.close()

    return asyncio.run(main())


def virtual_time(scene: Scene) -> Any:
    """A loop whose clock jumps to the next timer: a simulated day is a few steps."""

    class Simulated(asyncio.SelectorEventLoop):
        now = 0.0

        def time(self) -> float:
            return self.now

        def _run_once(self) -> None:
            mine: Any = self
            if not mine._ready and mine._scheduled:
                self.now = max(self.now, mine._scheduled[0]._when)
            super()._run_once()  # type: ignore[misc]

    async def main() -> float:
        for _ in range(24):
            await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=Simulated) as runner:
        return runner.run(main())


def debug_mode(scene: Scene) -> Any:
    async def main() -> Any:
        task = asyncio.create_task(_double(2))
        scene.note(len(task.get_stack()), asyncio.get_running_loop().get_debug())
        return await task

    return asyncio.run(main(), debug=True)


def synchronization(scene: Scene) -> Any:
    async def main() -> None:
        lock, condition, semaphore = asyncio.Lock(), asyncio.Condition(), asyncio.BoundedSemaphore(2)
        barrier = asyncio.Barrier(3)

        async def work(number: int) -> None:
            async with semaphore, lock:
                scene.note(number)
            async with condition:
                condition.notify_all()
            await barrier.wait()

        await asyncio.gather(*map(work, range(3)))
        scene.attempt(semaphore.release)

    return asyncio.run(main())


def coroutines_by_hand(scene: Scene) -> Any:
    class Once:
        def __await__(self) -> Any:
            got = yield "question"
            return got

    async def coroutine() -> str:
        try:
            return f"{await Once()}"
        finally:
            scene.note(sys.exc_info()[0])

    running = coroutine()
    scene.note(running.send(None))
    scene.attempt(lambda: running.send("answer"))
    running = coroutine()
    running.send(None)
    scene.attempt(lambda: running.throw(KeyError("thrown")))
    running = coroutine()
    running.send(None)
    running.close()


def decorated(scene: Scene) -> Any:
    """A retry around a coroutine function, as libraries have it."""

    def retry(function: Callable[[int], Awaitable[int]]) -> Callable[[int], Awaitable[int]]:
        async def call(number: int) -> int:
            for _ in range(3):
                try:
                    return await function(number)
                except ValueError as error:
                    error.add_note("again")
                    last = error
            raise RuntimeError("gave up") from last

        return call

    return asyncio.run(retry(_double)(3))  # type: ignore[arg-type]
