"""Threads, pools, processes of pools."""

from __future__ import annotations

import concurrent.futures
import contextvars
import gc
import multiprocessing
import multiprocessing.pool
import os
import queue
import sys
import threading
import time
import weakref
from typing import Any

from tests.support.same.scene import Scene

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def divide(number: int) -> float:
    return 10 / number


def pool_of_threads(scene: Scene) -> Any:
    with concurrent.futures.ThreadPoolExecutor(2, "worker") as pool:
        scene.note(list(pool.map(divide, [1, 2, 5])))
        scene.attempt(lambda: list(pool.map(divide, [1, 0])))
        future = pool.submit(divide, number=0)
        scene.note(future.exception())
        scene.attempt(lambda: pool.submit())  # type: ignore[call-arg]
        done = pool.submit(divide, 4)
        done.add_done_callback(lambda it: scene.note(it.result()))
        concurrent.futures.wait([done])
    scene.attempt(lambda: pool.submit(divide, 1))


def pool_whose_start_fails(scene: Scene) -> Any:
    def fail() -> None:
        raise OSError("no")

    with concurrent.futures.ThreadPoolExecutor(1, initializer=fail) as pool:
        scene.attempt(pool.submit(divide, 1).result)


def subclasses(scene: Scene) -> Any:
    class Worker(threading.Thread):
        def __init__(self) -> None:
            super().__init__(name="mine", daemon=True)
            self.found: Any = None

        def run(self) -> None:
            self.found = (self.name, threading.current_thread() is self, "run" in vars(self))

    worker = Worker()
    worker.start()
    worker.join()
    scene.note(worker.found, worker.is_alive(), sorted(vars(worker)))
    scene.attempt(worker.start)
    scene.note(type(worker).start is threading.Thread.start)


def threads_of_odd_shapes(scene: Scene) -> Any:
    class Frozen(threading.Thread):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "run":
                raise AttributeError(name)
            super().__setattr__(name, value)

        def run(self) -> None:
            scene.note("ran")

    class Property(threading.Thread):
        @property
        def run(self) -> Any:
            return lambda: scene.note("of a property")

    replaced = threading.Thread()
    replaced.run = lambda: scene.note("of the object")  # type: ignore[method-assign]
    for thread in (Frozen(), Property(), replaced):
        thread.start()
        thread.join()
        scene.note("run" in vars(thread))
    scene.attempt(replaced.start)


def exceptions_of_threads(scene: Scene) -> Any:
    def hook(given: threading.ExceptHookArgs) -> None:
        scene.note(given.exc_type, given.exc_value, given.thread.name if given.thread else None)

    before, threading.excepthook = threading.excepthook, hook
    try:
        thread = threading.Thread(target=divide, args=(0,), name="failing")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    thread = threading.Thread(target=divide, args=(0,), name="failing")
    thread.start()
    thread.join()


def variables_of_threads(scene: Scene) -> Any:
    _variable.set("outer")
    local = threading.local()
    local.value = 1
    thread = threading.Thread(target=lambda: scene.note(_variable.get(), hasattr(local, "value")))
    thread.start()
    thread.join()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        scene.note(pool.submit(_variable.get).result())
        scene.note(pool.submit(contextvars.copy_context().run, _variable.get).result())
    _variable.set("unset")


def timers(scene: Scene) -> Any:
    came = threading.Event()
    timer = threading.Timer(0.01, came.set)
    timer.start()
    came.wait()
    timer.join()
    cancelled = threading.Timer(60, came.clear)
    cancelled.start()
    cancelled.cancel()
    cancelled.join()
    return came.is_set()


def what_threads_hold(scene: Scene) -> Any:
    class Held:
        def run(self) -> None:
            pass

    held = Held()
    dead = weakref.ref(held)
    thread = threading.Thread(target=held.run)
    thread.start()
    thread.join()
    del held
    scene.note(dead() is None, sys.getrefcount(thread))
    gone = weakref.ref(thread)
    del thread
    scene.note(gone() is None)


def pool_of_the_other_kind(scene: Scene) -> Any:
    with multiprocessing.pool.ThreadPool(2) as pool:
        scene.note(pool.map(divide, [1, 2]), list(pool.imap(divide, [5, 10])))
        scene.attempt(lambda: pool.apply(divide, (0,)))
        scene.note(sorted(pool.imap_unordered(divide, [1, 2, 5])))
        scene.note(pool.apply_async(divide, (2,), callback=scene.note).get())
        scene.attempt(lambda: pool.starmap(divmod, [(7, 2), (7, 0)]))


def workers_with_queues(scene: Scene) -> Any:
    work: queue.Queue[int | None] = queue.Queue()
    done: queue.Queue[Any] = queue.Queue()

    def run() -> None:
        while (item := work.get()) is not None:
            done.put(item * item)
            work.task_done()
        work.task_done()

    thread = threading.Thread(target=run)
    thread.start()
    for number in (1, 2, 3, None):
        work.put(number)
    work.join()
    thread.join()
    return [done.get_nowait() for _ in range(3)]


def locks(scene: Scene) -> Any:
    barrier = threading.Barrier(3)
    lock, condition = threading.RLock(), threading.Condition()
    found: list[int] = []

    def run(number: int) -> None:
        barrier.wait()
        with lock, condition:
            found.append(number)
            condition.notify_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    with condition:
        condition.wait_for(lambda: len(found) == 3)
    for thread in threads:
        thread.join()
    scene.attempt(threading.Lock().release)
    return sorted(found)


def counting_threads(scene: Scene) -> Any:
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait, name=f"waits-{number}") for number in range(3)]
    before = threading.active_count()
    for thread in threads:
        thread.start()
    scene.note(threading.active_count() - before)
    stop.set()
    for thread in threads:
        thread.join()


def _raise(number: int) -> None:
    raise KeyError(number)


def forked_processes(scene: Scene) -> Any:
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        scene.note(pool.map(divide, [1, 2]))
        try:
            pool.map(divide, [0])
        except ZeroDivisionError as error:
            scene.note(type(error), str(error), type(error.__cause__).__name__)
    process = context.Process(target=sys.exit, args=(7,))
    process.start()
    process.join()
    scene.note(process.exitcode)
    process = context.Process(target=time.sleep, args=(60,))
    process.start()
    process.terminate()
    process.join()
    scene.note(process.exitcode)


def executor_of_processes(scene: Scene) -> Any:
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        scene.note(pool.submit(divide, 5).result())
        error = pool.submit(_raise, 1).exception()
        scene.note(type(error), str(error))
        scene.attempt(lambda: type(pool.submit(os._exit, 3).exception()))


def spawned_processes(scene: Scene) -> Any:
    context = multiprocessing.get_context("spawn")
    channel: Any = context.Queue()
    process = context.Process(target=channel.put, args=({"price": 1.5},))
    process.start()
    found = channel.get()
    process.join()
    channel.close()
    channel.join_thread()
    return found, process.exitcode


def garbage_of_futures(scene: Scene) -> Any:
    class Result:
        pass

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(Result)
        dead = weakref.ref(future.result())
        del future
        pool.submit(int).result()
        gc.collect()
        return dead() is None
