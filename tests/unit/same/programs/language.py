"""Python itself: exceptions, generators, garbage, randomness, pickles."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import decimal
import enum
import fractions
import functools
import gc
import inspect
import io
import pickle
import random
import sys
import traceback
import types
import typing
import uuid
import warnings
import weakref
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from unittest import mock

from tests.support.same.scene import Scene


class Broken(Exception):
    def __str__(self) -> str:
        return self.detail  # type: ignore[attr-defined,no-any-return]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Order:
    price: Decimal
    amount: int
    tags: tuple[str, ...] = ()


class Side(enum.Enum):
    BUY = "buy"


def chains_of_exceptions(scene: Scene) -> Any:
    try:
        try:
            dict[str, int]()["missing"]
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        error.add_note("a note")
        scene.note("".join(traceback.format_exception(error)))
        try:
            raise Broken
        except Broken as broken:
            scene.note(broken)
        raise RuntimeError("last") from None


def groups_of_exceptions(scene: Scene) -> Any:
    try:
        raise ExceptionGroup("group", [ValueError(1), ExceptionGroup("inner", [KeyError(2), Broken()])])
    except* ValueError as found:
        scene.note(found)
    except* KeyError as found:
        scene.note(found)


def generators(scene: Scene) -> Any:
    def ticks() -> Iterator[Any]:
        got: Any = None
        try:
            while True:
                try:
                    got = yield got
                except ValueError as error:
                    got = error
        finally:
            scene.note("closed", sys.exc_info()[0])

    running = ticks()
    scene.note(next(running), running.send(5), running.throw(ValueError(6)))  # type: ignore[attr-defined]
    running.close()  # type: ignore[attr-defined]
    left = ticks()
    next(left)
    del left
    gc.collect()
    scene.attempt(lambda: list(_failing()))


def _failing() -> Iterator[int]:
    yield 1
    raise StopIteration


def context_managers(scene: Scene) -> Any:
    @contextlib.contextmanager
    def opened(name: str) -> Iterator[str]:
        scene.note("open", name)
        try:
            yield name
        except ZeroDivisionError:
            scene.note("swallowed", name)
        finally:
            scene.note("close", name)

    with contextlib.ExitStack() as stack:
        for name in ("a", "b"):
            stack.enter_context(opened(name))
        stack.callback(scene.note, "callback")
        divmod(1, 0)
    with contextlib.suppress(KeyError), opened("c"):
        raise KeyError("c")


def garbage(scene: Scene) -> Any:
    class Node:
        other: Any = None

        def __del__(self) -> None:
            scene.note("deleted")

    one, two = Node(), Node()
    one.other, two.other = two, one
    dead = weakref.ref(one, lambda _: scene.note("dead"))
    del one, two
    scene.note(dead() is None)
    gc.collect()
    scene.note(dead() is None)
    weakref.finalize(scene, print)


def what_exceptions_hold(scene: Scene) -> Any:
    class Held:
        pass

    def fail() -> weakref.ref[Held]:
        held = Held()
        dead = weakref.ref(held)
        with contextlib.suppress(ValueError):
            raise ValueError(held)
        return dead

    dead = fail()
    gc.collect()
    return dead() is None


def unraisable(scene: Scene) -> Any:
    class Failing:
        def __del__(self) -> None:
            raise OSError("in a finalizer")

    before, sys.unraisablehook = sys.unraisablehook, lambda given: scene.note(given.exc_type, given.exc_value)
    Failing()
    sys.unraisablehook = before


def randomness(scene: Scene) -> Any:
    random.seed(42)
    found = [random.random(), random.randint(1, 100), random.sample(range(100), 5)]
    return found, uuid.uuid5(uuid.NAMESPACE_DNS, "bot").hex, random.getstate()[1][-1]


def pickles_and_copies(scene: Scene) -> Any:
    given = [Order(Decimal("1.5"), 2, ("a",)), Side.BUY, types.SimpleNamespace(a=1), 10**400, "a\ud800"]
    scene.note(pickle.loads(pickle.dumps(given[:1])) == given[:1], copy.deepcopy(given) == given)
    scene.note(
        sorted([Order(Decimal(2), 1), Order(Decimal(1), 5)]), hash(given[0]) == hash(copy.copy(given[0]))
    )
    scene.attempt(lambda: pickle.dumps(lambda: 1))
    scene.note(dataclasses.asdict(given[0]))  # type: ignore[call-overload]


def numbers(scene: Scene) -> Any:
    with decimal.localcontext() as context:
        context.prec = 5
        scene.note(Decimal(1) / 3, fractions.Fraction(1, 3) + 1)
    scene.attempt(lambda: Decimal(1) / 0)
    scene.attempt(lambda: str(10**5000))
    scene.attempt(lambda: float(10**400))
    return decimal.getcontext().prec


def warnings_of_all_kinds(scene: Scene) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scene.attempt(lambda: warnings.warn("as an error", UserWarning, stacklevel=1))
    warnings.warn("as a warning", RuntimeWarning, stacklevel=2)
    open("left open", "w").close  # noqa: B018,SIM115,PTH123
    gc.collect()


def recursion(scene: Scene) -> Any:
    def deeper(number: int) -> int:
        return deeper(number + 1)

    try:
        deeper(0)
    except RecursionError as error:
        return str(error)


def mocks_over_watched_functions(scene: Scene) -> Any:
    import logging
    import threading

    with mock.patch.object(threading.Thread, "start", autospec=True) as start:
        threading.Thread(target=print).start()
        scene.note(start.call_count)
    with mock.patch("logging.Logger.handle") as handle:
        logging.getLogger("mocked").warning("x")
        scene.note(handle.call_count)
    thread = threading.Thread(target=scene.note, args=("ran",))
    thread.start()
    thread.join()


def subclasses_of_watched_classes(scene: Scene) -> Any:
    import concurrent.futures

    class Pool(concurrent.futures.ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            scene.note("submitted", function.__name__)
            return super().submit(function, *args, **kwargs)

    with Pool(1) as pool:
        scene.note(pool.submit(divmod, 7, 2).result(), list(pool.map(abs, [-1])))


def functions_as_values(scene: Scene) -> Any:
    import logging
    import threading

    start = functools.partial(threading.Thread.start)
    thread = threading.Thread(target=scene.note, args=("ran",))
    start(thread)
    thread.join()
    bound: Any = logging.getLogger("bound").handle
    bound(logging.makeLogRecord({"msg": "by a bound method", "levelno": 30}))
    scene.note(bound == logging.getLogger("bound").handle, len({bound, logging.getLogger("bound").handle}))
    scene.note(bound.__self__.name, bound.__name__, bound.__func__ is logging.Logger.handle)
    scene.note(typing.get_type_hints(threading.Thread.start), inspect.ismethod(bound))


def sources(scene: Scene) -> Any:
    import logging
    import threading

    for function in (threading.Thread.start, logging.Logger.handle):
        scene.note(
            inspect.getsource(function)[:60],
            inspect.getfile(function) == inspect.getfile(threading.Thread.run),
        )


def output(scene: Scene) -> Any:
    print("to the output")
    print("to the errors", file=sys.stderr)
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        print("elsewhere")
    return stream.getvalue()


def hooks_of_the_interpreter(scene: Scene) -> Any:
    calls: list[str] = []

    def trace(frame: types.FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_name in ("add", "twice"):
            calls.append(f"{event} {frame.f_code.co_name}")
        return None

    def add(number: int) -> int:
        return number + 1

    def twice(number: int) -> int:
        return add(add(number))

    sys.setprofile(trace)
    twice(1)
    sys.setprofile(None)
    return calls
