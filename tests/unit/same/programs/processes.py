"""Child processes, forks, signals, pipes."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from typing import Any

from tests.support.same.scene import Scene


def children(scene: Scene) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(sorted(os.environ))"],
        capture_output=True,
        text=True,
        check=False,
    )
    scene.note(done.stdout, done.stderr, done.returncode)
    scene.attempt(lambda: subprocess.run([sys.executable, "-c", "raise SystemExit(4)"], check=True))
    try:
        subprocess.run(["sleep", "60"], timeout=0.05, check=False)
    except subprocess.TimeoutExpired as error:
        scene.note(error.cmd)
    scene.attempt(lambda: subprocess.run(["/no/such/program"], check=False))
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        scene.note(process.communicate("through a pipe"))
    sleeping = subprocess.Popen(["sleep", "60"])
    sleeping.terminate()
    scene.note(sleeping.wait())


def forks(scene: Scene) -> Any:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.write(writing, f"{signal.getsignal(signal.SIGTERM)!r}".encode())
        os._exit(5)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        scene.note(pipe.read())
    scene.note(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    child = os.fork()
    if not child:
        signal.pause()
        os._exit(0)
    os.kill(child, signal.SIGTERM)
    scene.note(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def forks_that_become_programs(scene: Scene) -> Any:
    for program in (["/bin/true"], ["/bin/false"], ["/no/such/program"]):
        child = os.fork()
        if not child:
            try:
                os.execv(program[0], program)
            except OSError:
                os._exit(9)
        scene.note(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    scene.attempt(lambda: os.execv("/no/such/program", ["x"]))
    scene.attempt(lambda: os.execvp("no-such-program", ["x"]))


def handlers_of_signals(scene: Scene) -> Any:
    def handler(number: int, frame: Any) -> None:
        scene.note(signal.Signals(number), frame.f_code.co_name if frame.f_code.co_name == "wait" else "")

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
        scene.note(signal.getsignal(number))
        before = signal.signal(number, handler)
        scene.note(before, signal.getsignal(number) is handler)
        signal.raise_signal(number)
        os.kill(os.getpid(), number)
        scene.note(signal.signal(number, signal.SIG_IGN) is handler)
        scene.note(signal.signal(number, before), signal.getsignal(number))
    scene.attempt(lambda: signal.signal(signal.SIGKILL, handler))
    scene.attempt(lambda: signal.signal(signal.SIGTERM, 12345))
    scene.attempt(lambda: signal.getsignal(12345))


class _Comparing:
    """A handler that cannot be compared."""

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("compared")

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, number: int, frame: Any) -> None:
        pass


def handlers_that_cannot_be_compared(scene: Scene) -> Any:
    handler = _Comparing()
    scene.note(signal.signal(signal.SIGTERM, handler))
    signal.raise_signal(signal.SIGTERM)
    scene.attempt(lambda: signal.getsignal(signal.SIGTERM))
    scene.attempt(lambda: signal.signal(signal.SIGTERM, handler))
    scene.attempt(lambda: signal.signal(signalnum=signal.SIGTERM, handler=signal.SIG_DFL))
    scene.note(signal.getsignal(signalnum=signal.SIGTERM))


def exceptions_of_handlers(scene: Scene) -> Any:
    def handler(number: int, frame: Any) -> None:
        raise KeyError(number)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    scene.attempt(lambda: threading.Event().wait(60))
    signal.signal(signal.SIGALRM, before)
    scene.attempt(lambda: signal.raise_signal(signal.SIGINT))


def signals_to_wait_for(scene: Scene) -> Any:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    os.kill(os.getpid(), signal.SIGUSR2)
    scene.note(signal.sigpending(), signal.sigwait([signal.SIGUSR2]))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2])
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    kept = signal.set_wakeup_fd(writing)
    os.kill(os.getpid(), signal.SIGUSR1)
    scene.note(
        bool(select.select([reading], [], [], 5)[0]),
        os.read(reading, 5),
        signal.set_wakeup_fd(kept) == writing,
    )
    signal.signal(signal.SIGUSR1, before)
    os.close(reading)
    os.close(writing)


def interrupted_loop(scene: Scene) -> Any:
    async def main() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            scene.note("cleaned up")

    return asyncio.run(main())


def the_end_of_a_server(scene: Scene) -> Any:
    """As uvicorn: handlers are lent, and the signal is raised again for whoever had them."""
    caught: list[int] = []
    lent = {
        number: signal.signal(number, lambda number, _: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    signal.raise_signal(signal.SIGTERM)
    for number, handler in lent.items():
        signal.signal(number, handler)
    scene.note(caught, list(lent.values()))
    child = os.fork()
    if not child:
        signal.raise_signal(signal.SIGTERM)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
