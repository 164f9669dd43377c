"""A program that ends in the way that its argument names. Nothing in it knows of botobs."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import signal
import sys
import threading
import time
import warnings
from typing import Any, NoReturn


class Broken(Exception):
    def __str__(self) -> str:
        return self.detail  # type: ignore[attr-defined,no-any-return]


def returns() -> None:
    print("done")


def exits_with_a_number() -> None:
    sys.exit(3)


def exits_with_a_text() -> None:
    sys.exit("a text")


def exits_with_something_else() -> None:
    raise SystemExit({"a": 1})


def unhandled() -> None:
    try:
        raise KeyError("inner")
    except KeyError as error:
        error.add_note("a note")
        raise ValueError("outer") from error


def unhandled_group() -> None:
    raise ExceptionGroup("group", [ValueError(1), KeyError(2)])


def unprintable() -> None:
    raise Broken


def interrupted() -> None:
    raise KeyboardInterrupt


def at_once() -> None:
    print("flushed", flush=True)
    os._exit(4)


def aborts() -> None:
    os.abort()


def signals_itself() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)


def segmentation_fault() -> None:
    signal.raise_signal(signal.SIGSEGV)


def becomes_another_program() -> None:
    os.execv("/bin/sh", ["/bin/sh", "-c", "echo another; exit 6"])


def becomes_nothing() -> None:
    os.execv("/no/such/program", ["x"])


def in_a_thread() -> None:
    thread = threading.Thread(target=unhandled, name="failing")
    thread.start()
    thread.join()
    print("went on")


def thread_that_is_waited_for() -> None:
    threading.Timer(0.1, print, ("waited for",)).start()
    print("main is over")


def daemon_thread() -> None:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    print("not waited for")


def pool_that_is_left_open() -> None:
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(time.sleep, 0.1).add_done_callback(lambda _: print("done"))


def in_a_loop() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60))
            group.create_task(asyncio.to_thread(unhandled))

    asyncio.run(main())


def functions_at_the_end() -> None:
    def fail() -> NoReturn:
        raise OSError("at the end")

    for number in range(3):
        atexit.register(print, "at the end", number)
    atexit.register(fail)
    atexit.register(lambda: threading.Thread(target=print, args=("from a thread",)).start())


def finalizers() -> None:
    class Failing:
        def __del__(self) -> None:
            print("deleted", sys.is_finalizing() in (True, False))
            raise OSError("in a finalizer")

    module: Any = sys.modules["__main__"]
    module.kept = Failing()


def hook_of_its_own() -> None:
    sys.excepthook = lambda kind, error, trace: print("hook", kind.__name__, error, trace is not None)
    raise ValueError("for the hook")


def broken_pipe() -> None:
    os.close(1)
    print("nobody reads it")


def warns() -> None:
    warnings.warn("be warned", RuntimeWarning, stacklevel=1)
    file = open(os.devnull)  # noqa: PTH123,SIM115
    del file


def handler_exits() -> None:
    def handler(number: int, _: Any) -> NoReturn:
        print("handled", number)
        sys.exit(8)

    signal.signal(signal.SIGTERM, handler)
    waits()


def waits() -> None:
    print("ready", flush=True)
    while True:
        time.sleep(0.05)


def loop_waits() -> None:
    async def main() -> None:
        print("ready", flush=True)
        try:
            while True:
                await asyncio.sleep(0.05)
        finally:
            print("cleaned up")

    asyncio.run(main())


def forks_and_ends() -> None:
    child = os.fork()
    if not child:
        sys.exit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def prints_warnings_as_developers_do() -> None:
    sys.stderr.write("to the errors\n")
    sys.stdout.write("to the output")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
