"""Programs that need nobody: `alone.py NAME`; each does twenty pieces of work."""

from __future__ import annotations

import code
import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

if sys.argv[1] == "faulthandler before":
    # What it does at SIGTERM instead of ending is what the program wants.
    faulthandler.register(signal.SIGTERM, all_threads=False)

from work import work  # type: ignore[import-not-found]

N = 20


def work_all() -> None:
    """Do all of it here."""
    for _ in range(N):
        work()


def wait() -> None:
    """Wait for a signal, in short steps: one that comes just before a step begins does not interrupt it."""
    while True:
        time.sleep(0.05)


def blocking_scheduler() -> None:
    """APScheduler, whose jobs run in threads, until SIGTERM ends the process."""
    from apscheduler.schedulers.blocking import BlockingScheduler

    scheduler = BlockingScheduler()
    for _ in range(N):
        scheduler.add_job(work)
    scheduler.start()


def background_scheduler() -> None:
    """APScheduler beside a main thread that ends."""
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler()
    for _ in range(N):
        scheduler.add_job(work)
    scheduler.start()
    while scheduler.get_jobs():
        time.sleep(0.01)
    scheduler.shutdown(wait=True)


def joblib(backend: str) -> Callable[[], None]:
    """joblib with worker processes, or threads."""

    def run() -> None:
        from joblib import Parallel, delayed

        Parallel(n_jobs=2, backend=backend)(delayed(work)() for _ in range(N))

    return run


def pool(method: str) -> Callable[[], None]:
    """A pool of processes that is closed, so that its workers end by themselves."""

    def run() -> None:
        with multiprocessing.get_context(method).Pool(2) as workers:
            for _ in range(N):
                workers.apply_async(work)
            workers.close()
            workers.join()

    return run


def left_pool(method: str) -> Callable[[], None]:
    """A pool of processes that is left, which terminates its workers."""

    def run() -> None:
        with multiprocessing.get_context(method).Pool(2) as workers:
            for result in [workers.apply_async(work) for _ in range(N)]:
                result.get()

    return run


def dask(processes: bool) -> Callable[[], None]:
    """Dask's local workers: processes with a nanny each, or threads."""

    def run() -> None:
        from distributed import Client, LocalCluster

        cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=processes, dashboard_address=None)
        with cluster, Client(cluster) as client:
            client.gather([client.submit(work, pure=False) for _ in range(N)])

    return run


def ray() -> None:
    """Ray's local workers: processes that its daemon starts, and ends without Python's `atexit`."""
    import ray

    def work_and_flush() -> None:
        work()
        if "MONITORED" in os.environ:
            import botobs

            botobs.flush()

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.get([ray.remote(work_and_flush).remote() for _ in range(N)])
    ray.shutdown()


def restart() -> None:
    """Become the same program again, as servers do to load new code."""
    work_all()
    if "AGAIN" not in os.environ:
        os.environ["AGAIN"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.argv])


def forked_exit() -> None:
    """Children that end by `os._exit`."""
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            for _ in range(N // 2):
                work()
            os._exit(4)
        children.append(child)
    sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))


def reset() -> None:
    """The default action of SIGTERM again, after `init()`."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    work_all()
    wait()


def console() -> None:
    """A console in a program, one of whose statements fails."""
    work_all()
    lines = iter(["1/0"])

    def read(_: str) -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    code.interact(banner="", readfunc=read, exitmsg="")


def crash() -> None:
    """Die by a fault, with faulthandler's report."""
    faulthandler.enable()
    work_all()
    if "MONITORED" in os.environ:
        import botobs

        botobs.flush()
    ctypes.string_at(0)


def report() -> None:
    """faulthandler writes where the program is and leaves it running."""
    work_all()
    path = Path(os.environ["HOME"]) / "reported"
    with path.open("w") as reported:
        faulthandler.register(signal.SIGTERM, reported, all_threads=False)
        signal.raise_signal(signal.SIGTERM)
    sys.exit(5 if "report" in path.read_text() else 6)


def report_and_end() -> None:
    """faulthandler writes where the program is, and the signal ends it."""
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)
    work_all()
    wait()


def report_set_before() -> None:
    """What was registered before `init()` stays: the program goes on."""
    work_all()
    signal.raise_signal(signal.SIGTERM)
    sys.exit(5)


def daemon_threads() -> None:
    """The interpreter ends below threads that work."""
    work_all()

    def spin() -> None:
        if "MONITORED" not in os.environ:
            wait()
        import botobs

        while True:
            with botobs.span("beside"):
                pass

    for _ in range(4):
        threading.Thread(target=spin, daemon=True).start()
    sys.exit(3)


PROGRAMS: dict[str, Callable[[], object]] = {
    "apscheduler blocking": blocking_scheduler,
    "apscheduler background": background_scheduler,
    **{f"joblib {backend}": joblib(backend) for backend in ("loky", "multiprocessing", "threading")},
    **{f"pool {method}": pool(method) for method in ("fork", "spawn", "forkserver")},
    **{f"left pool {method}": left_pool(method) for method in ("fork", "spawn", "forkserver")},
    **{f"dask {kind}": dask(kind == "processes") for kind in ("processes", "threads")},
    "ray": ray,
    "execv": restart,
    "os._exit of children": forked_exit,
    "SIGTERM reset": reset,
    "console": console,
    "faulthandler crash": crash,
    "faulthandler": report,
    "faulthandler chained": report_and_end,
    "faulthandler before": report_set_before,
    "daemon threads": daemon_threads,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]]()
