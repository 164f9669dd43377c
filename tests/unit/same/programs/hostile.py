"""Values that raise, lie or never end, through the functions of databases, HTTP clients and loggers."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.support.hostile import LyingDict, LyingList, LyingNumber, LyingText, Row, values
from tests.support.same.scene import Scene


class Counting:
    """Counts how often it is looked at."""

    looked = 0

    def _look(self) -> str:
        type(self).looked += 1
        return "counting"

    __str__ = __repr__ = _look

    def __len__(self) -> int:
        type(self).looked += 1
        return 2

    def __bool__(self) -> bool:
        type(self).looked += 1
        return True

    def __eq__(self, _: object) -> bool:
        type(self).looked += 1
        return False

    def __hash__(self) -> int:
        type(self).looked += 1
        return 1


def _finite() -> list[Any]:
    """One of each kind but what never ends where all of it is read, without botobs too."""
    return [value for value in values() if not issubclass(type(value), list | LyingDict | itertools.count)]


def _each(scene: Scene, use: Callable[[Any], object], of: Callable[[], list[Any]] = _finite) -> None:
    """Use one value of each kind; what came of it, without what a value makes of itself."""
    for value in of():
        try:
            use(value)
        except BaseException as error:
            scene.note(type(value).__name__, type(error).__name__)
        else:
            scene.note(type(value).__name__)


def sqlite_parameters(scene: Scene) -> Any:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (a)")
    _each(scene, lambda value: connection.execute("select ?", (value,)).fetchall(), values)
    _each(scene, lambda value: connection.execute("select :v", {"v": value}).fetchall(), values)
    _each(scene, lambda value: connection.execute("select ?", value).fetchall())
    _each(scene, lambda value: connection.executemany("insert into t values (?)", value))
    _each(scene, connection.execute)
    return connection.execute("select count(*) from t").fetchone()


def _run(connection: Any, statement: str) -> Any:
    return connection.exec_driver_sql(statement).all()


def _insert(connection: Any, rows: Any) -> Any:
    return connection.exec_driver_sql("insert into t values (?)", rows).rowcount


def sqlalchemy_parameters(scene: Scene) -> Any:
    from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, literal, select, text

    engine = create_engine("sqlite://")
    table = Table("t", MetaData(), Column("a", String))
    table.metadata.create_all(engine)

    def used(use: Callable[[Any, Any], object]) -> Callable[[Any], object]:
        def run(value: Any) -> object:
            with engine.connect() as connection:
                return use(connection, value)

        return run

    _each(scene, used(lambda c, value: c.execute(text("select :v"), {"v": value}).all()))
    _each(scene, used(lambda c, value: c.execute(select(literal(value))).all()))
    _each(scene, used(lambda c, value: c.execute(insert(table), [{"a": "x"}, {"a": value}])))
    _each(scene, used(lambda c, value: c.execute(insert(table), value)))
    _each(scene, used(lambda c, value: c.exec_driver_sql("select ?", (value,)).all()))
    _each(scene, used(lambda c, value: c.exec_driver_sql("select ?", value)))
    _each(scene, used(lambda c, value: c.exec_driver_sql(value)))
    _each(scene, used(lambda c, value: c.execute(text(value))))
    with engine.begin() as connection:
        for statement in (
            LyingText("select 1"),
            LyingText("select"),
            "select 'a\ud800b'",
            f"select {'1' * 99_999}",
        ):
            scene.attempt(partial(_run, connection, statement))
    counting, Counting.looked = Counting(), 0
    _each(scene, used(lambda c, _: c.exec_driver_sql("select ?", (counting,))))
    engine.dispose()
    return Counting.looked


def urls_of_databases(scene: Scene) -> Any:
    from sqlalchemy import create_engine

    for url in ("sqlite:///file:a\udcff?uri=true", "sqlite:////no/such/folder/a.db", LyingText("sqlite://")):
        scene.attempt(partial(lambda each: create_engine(each).connect(), url))


def log_fields_and_arguments(scene: Scene) -> Any:
    logger = logging.getLogger("hostile")
    logger.propagate = False
    handler = _Kept()
    logger.addHandler(handler)
    _each(scene, lambda value: logger.info("%s", value))
    _each(scene, lambda value: logger.info("%d %(a)s", value))
    _each(scene, lambda value: logger.info(value))
    _each(scene, lambda value: logger.info(value, value))
    _each(scene, lambda value: logger.info("fields", extra={"field": value}), values)
    _each(scene, lambda value: logger.info("fields", extra={value: value}))
    _each(scene, lambda value: logger.info("fields", extra=value))
    _each(scene, lambda value: logger.info("fields", exc_info=value), values)
    _each(scene, lambda value: logger.info("fields", stack_info=value))
    _each(scene, lambda value: logger.log(value, "level"))
    _each(scene, lambda value: logging.getLogger(value).info("logger"))
    for level in (LyingNumber(30), 10**400, -5, 25):
        scene.attempt(partial(logger.log, level, "level"))
    logger.removeHandler(handler)
    return len(handler.kept)


def texts_of_objects_in_records(scene: Scene) -> Any:
    logger = logging.getLogger("counting")
    logger.propagate = False
    handler = logging.NullHandler()
    logger.addHandler(handler)
    made = {}
    ways: dict[str, Callable[[], None]] = {
        "argument": lambda: logger.info("%s", Counting()),
        "message": lambda: logger.info(Counting()),
        "field": lambda: logger.info("field", extra={"counting": Counting()}),
        "list": lambda: logger.info("field", extra={"counting": [Counting()]}),
    }
    for place, write in ways.items():
        Counting.looked = 0
        write()
        made[place] = Counting.looked
    logger.removeHandler(handler)
    return {"texts made": made}


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)


def requests_arguments(scene: Scene) -> Any:
    import requests

    class AtOnce(requests.adapters.BaseAdapter):
        def send(self, request: Any, **_: Any) -> Any:  # type: ignore[override]
            response = requests.Response()
            response.status_code, response.request, response.url = 200, request, request.url
            response._content = b"{}"
            return response

        def close(self) -> None:
            pass

    session = requests.Session()
    session.mount("http://", AtOnce())
    _each(scene, lambda value: session.get("http://a/", headers={"x": value}))
    _each(scene, lambda value: session.get("http://a/", headers={value: "x"}))
    _each(scene, lambda value: session.get("http://a/", headers=value))
    _each(scene, lambda value: session.get("http://a/", params={"x": value}))
    _each(scene, lambda value: session.get("http://a/", params=value))
    _each(scene, lambda value: session.post("http://a/", data=value) if not callable(value) else None)
    _each(scene, lambda value: session.post("http://a/", json=value))
    _each(scene, lambda value: session.get(value))
    _each(scene, lambda value: session.request(value, "http://a/"))
    _each(scene, lambda value: session.get("http://a/", auth=value))
    _each(scene, lambda value: session.get("http://a/", timeout=value))
    session.close()


def httpx_arguments(scene: Scene) -> Any:
    import httpx

    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={}))) as client:
        _each(scene, lambda value: client.get("http://a/", headers={"x": value}))
        _each(scene, lambda value: client.get("http://a/", headers={value: "x"}))
        _each(scene, lambda value: client.get("http://a/", headers=value))
        _each(scene, lambda value: client.get("http://a/", params={"x": value}))
        _each(scene, lambda value: client.get("http://a/", params=value))
        _each(scene, lambda value: client.post("http://a/", json=value))
        _each(scene, client.get)
        _each(scene, lambda value: client.request(value, "http://a/"))
        _each(scene, lambda value: client.get("http://a/", timeout=value))
        _each(scene, lambda value: client.get("http://a/", extensions=value))
        _each(scene, client.send)


def aiohttp_arguments(scene: Scene) -> Any:
    import aiohttp

    async def main() -> None:
        async def used(value: Any, use: Callable[[Any, Any], Any]) -> None:
            try:
                async with use(session, value):
                    pass
            except BaseException as error:
                scene.note(type(value).__name__, type(error).__name__)

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session:
            url = "http://127.0.0.1:1/"
            for use in (
                lambda s, value: s.get(url, headers={"x": value}),
                lambda s, value: s.get(url, headers={value: "x"}),
                lambda s, value: s.get(url, headers=value),
                lambda s, value: s.get(url, params={"x": value}),
                lambda s, value: s.post(url, json=value),
                lambda s, value: s.get(value),
                lambda s, value: s.request(value, url),
                lambda s, value: s.get(url, trace_request_ctx=value),
            ):
                for value in _finite():
                    await used(value, use)

    asyncio.run(main())


def baggage(scene: Scene) -> Any:
    import httpx
    from opentelemetry import context
    from opentelemetry.baggage import set_baggage

    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:

        def use(name: Any, value: Any) -> object:
            token = context.attach(set_baggage(name, value))
            try:
                return client.get("http://a/").status_code
            finally:
                context.detach(token)

        _each(scene, lambda value: use("name", value))
        _each(scene, lambda value: use(value, "value"))


def rows_of_many(scene: Scene) -> Any:
    from sqlalchemy import create_engine

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("create table t (a)")
        for rows in (LyingList([(1,), (2,)]), [LyingList([1])], [LyingDict(a=1)], [(Row(),)], iter([(1,)])):
            scene.attempt(partial(_insert, connection, rows))
        return connection.exec_driver_sql("select count(*) from t").scalar()
