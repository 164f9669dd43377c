"""SQLite and SQLAlchemy."""

from __future__ import annotations

import gc
import sqlite3
import threading
import weakref
from decimal import Decimal
from typing import Any

from tests.support.same.scene import Scene


def _models() -> Any:
    from sqlalchemy import ForeignKey, Numeric
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

    class Base(DeclarativeBase):
        pass

    class Bot(Base):
        __tablename__ = "bots"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(unique=True)
        orders: Mapped[list[Order]] = relationship(back_populates="bot")

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        price: Mapped[Decimal] = mapped_column(Numeric(10, 2, asdecimal=True))
        bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"))
        bot: Mapped[Bot] = relationship(back_populates="orders")

    Base.registry._class_registry.update(Bot=Bot, Order=Order)
    return Base, Bot, Order


def plain_sqlite(scene: Scene) -> Any:
    connection = sqlite3.connect("plain.db")
    with connection:
        connection.execute("create table t (a integer primary key, b text)")
        connection.executemany("insert into t values (?, ?)", [(1, "one"), (2, "two")])
    scene.attempt(lambda: connection.execute("insert into t values (1, 'again')"))
    scene.attempt(lambda: connection.execute("selec"))
    scene.attempt(lambda: connection.execute("select ?", ()))
    found = connection.execute("select * from t order by a").fetchall()
    connection.row_factory = sqlite3.Row
    scene.note(dict(connection.execute("select * from t").fetchone()), connection.total_changes)
    scene.attempt(lambda: _in_thread(lambda: connection.execute("select 1")))
    connection.close()
    scene.attempt(lambda: connection.execute("select 1"))
    return found


def _in_thread(action: Any) -> Any:
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(action())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return type(found[0]).__name__


def core(scene: Scene) -> Any:
    from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select, text

    engine = create_engine("sqlite:///core.db")
    table = Table("t", MetaData(), Column("a", Integer, primary_key=True), Column("b", String(10)))
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        result = connection.execute(insert(table), [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])
        scene.note(result.rowcount)
        scene.note(connection.execute(insert(table).values(a=3).returning(table.c.a)).all())
    for statement in ("insert into t values (1, 'z')", "select * from missing", "select :a"):
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        except Exception as error:
            scene.note(
                {
                    "error": error,
                    "statement": getattr(error, "statement", 0),
                    "params": getattr(error, "params", 0),
                }
            )
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("delete from t"))
        nested = connection.begin_nested()
        nested.rollback()
        transaction.rollback()
    with engine.connect() as connection:
        scene.note([tuple(row) for row in connection.execute(select(table))])
    scene.note(engine.pool.status())
    engine.dispose()


def objects_of_a_mapper(scene: Scene) -> Any:
    from sqlalchemy import create_engine, select
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session, selectinload

    base, bot, order = _models()
    engine = create_engine("sqlite://")
    base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(bot(name="grid", orders=[order(price=Decimal("1.50")), order(price=Decimal("2.25"))]))
        session.commit()
        first = session.scalars(select(bot)).one()
        scene.note(first.name, [each.price for each in first.orders])
        session.add(bot(name="grid"))
        try:
            session.commit()
        except IntegrityError as error:
            scene.note(type(error.orig), str(error.orig))
        scene.attempt(lambda: session.scalars(select(bot)).one().name)
        session.rollback()
        eager = session.scalars(select(bot).options(selectinload(bot.orders))).one()
        session.expunge_all()
        scene.note(len(eager.orders))
        lazy = session.scalars(select(order)).first()
    assert lazy is not None
    try:
        lazy.bot.name  # noqa: B018
    except Exception as error:
        scene.note(type(error))
    engine.dispose()


def events_of_an_engine(scene: Scene) -> Any:
    from sqlalchemy import create_engine, event, text

    engine = create_engine("sqlite://")
    for target, name in (
        (engine, "before_cursor_execute"),
        (engine, "after_cursor_execute"),
        (engine, "begin"),
        (engine, "commit"),
        (engine, "rollback"),
        (engine, "handle_error"),
        (engine.pool, "connect"),
        (engine.pool, "checkout"),
        (engine.pool, "checkin"),
    ):
        event.listen(target, name, lambda *given, name=name: scene.note(name, len(given)))

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def comment(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> Any:
        return statement + " -- mine", parameters

    with engine.begin() as connection:
        connection.execute(text("select 1"))
    with engine.connect() as connection:
        scene.attempt(lambda: connection.execute(text("selec")))
    engine.dispose()


def pools(scene: Scene) -> Any:
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import QueuePool

    engine = create_engine(
        "sqlite:///pool.db",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.01,
        pool_pre_ping=True,
        pool_recycle=1000,
    )
    with engine.connect() as connection:
        scene.attempt(engine.connect)
        scene.note(engine.pool.status(), connection.execute(text("select 1")).scalar())
    raw = engine.raw_connection()
    scene.note(raw.cursor().execute("select 2").fetchone())
    raw.close()
    dead = weakref.ref(engine)
    engine.dispose()
    del engine, connection, raw
    gc.collect()
    return dead() is None


def a_creator_that_fails(scene: Scene) -> Any:
    from sqlalchemy import create_engine

    def fail() -> Any:
        raise OSError("no database")

    engine = create_engine("sqlite://", creator=fail)
    scene.attempt(engine.connect)
    scene.attempt(lambda: create_engine("sqlite:////no/such/folder/x.db").connect())
    scene.attempt(lambda: create_engine("nothing://"))


def functions_in_sql(scene: Scene) -> Any:
    connection = sqlite3.connect(":memory:")
    connection.create_function("half", 1, lambda number: number / 2)
    connection.create_function("fail", 0, lambda: 1 / 0)
    scene.note(connection.execute("select half(5)").fetchone())
    scene.attempt(lambda: connection.execute("select fail()").fetchone())
    connection.set_trace_callback(lambda statement: scene.note(statement))
    connection.execute("select 1")
    connection.close()
