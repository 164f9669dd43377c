"""What the instrumentations of plain WebSocket libraries share: none of them knows which exchange it talks to."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import context

from .....orders import Witness, current_witness
from ... import connection_events
from ...awaited import SENDING
from ...operation import current
from ...state import Connection
from ...telemetry import ExchangeTelemetry

#: From which connection the running thread has received; only where the client library's own code runs there next.
receiving: ContextVar[Connection | None] = ContextVar("botobs-websocket-receiving", default=None)

#: Opcodes of RFC 6455 section 5.2. What continues a message is counted with its beginning.
DATA = frozenset({0x1, 0x2})
CLOSE = 0x8
PONG = 0xA
#: Close code of a connection that ended without a close frame; RFC 6455, section 7.4.1.
ABNORMAL = 1006


def begin(
    exchanges: ExchangeTelemetry, library: str, host: str, owner: connection_events.Owner | None = None
) -> Connection | None:
    """An attempt to connect to `host` begins; None when a library above watches it.

    Args:
        exchanges: Where it is reported.
        library: Value of `exchange.client` where no other instrumentation opens the connection.
        host: Where it leads to.
        owner: Who opens it, where the context does not know any more.
    """
    if context.get_value(connection_events.OWNED):
        return None
    owner = owner or connection_events.current_owner()
    if owner is None:
        connection = exchanges.connection(None, exchanges.exchange_at(host), library, host, connecting=True)
    else:
        exchange = exchanges.variant_of(owner.exchange, host)
        connection = exchanges.connection(None, exchange, owner.client, host, connecting=True)
        connection.streams_known = owner.tells_streams
    # What was connected before is not it any more, whatever is reported of it late.
    connection.client = connection.gone = None
    connection.caller = connection_events.caller_span()
    connection_events.trying(connection)
    return connection


def bind(connection: Connection, client: Any, gone: Callable[[Any], str | None]) -> weakref.ref[Any]:
    """From now on `client` is the connection.

    Args:
        connection: The connection.
        client: The library's object.
        gone: Says of the object, or of None when it is collected, how the connection has ended, if that was not seen.
    """
    reference = weakref.ref(client)
    connection.client, connection.gone = reference, lambda: gone(reference())
    client._botobs = connection
    return reference


def of(client: Any) -> Connection | None:
    """The connection that a library's object is; None once another is opened in its place."""
    found = client.__dict__.get("_botobs")
    if not isinstance(found, Connection):
        return None
    current_client = found.client
    return found if current_client is not None and current_client() is client else None


def of_any(client: Any) -> Connection | None:
    """The same of an object that may be none of a library's."""
    return of(client) if hasattr(client, "__dict__") else None


@contextmanager
def attempt(exchanges: ExchangeTelemetry, connection: Connection, entered: context.Context) -> Iterator[None]:
    """Within the context `entered` the library connects: `connection` is open when the block ends well."""
    witness = current_witness()
    token = context.attach(entered)
    try:
        yield
    except BaseException as error:
        connection_events.refused(exchanges, connection, error, connection.caller)
        not_sent(error, witness)
        raise
    finally:
        context.detach(token)
    connection_events.opened(exchanges, connection, connection.caller)


def not_sent(error: BaseException, witness: Witness | None = None) -> None:
    """A connection could not be opened, or was closed when something was to be sent, and `error` says so.

    Args:
        error: What the library raises.
        witness: Of the block of the user's that may submit an order; by default that of the current context.
    """
    witness = witness or current_witness()
    if witness is not None and not witness.unseen:
        witness.aside(error)


def counting_sent(wrapped: Callable[..., Any], is_open: Callable[[Any], bool]) -> Callable[..., Any]:
    """Wrap a client's `send`: count, and notify the request whose message it is; a coroutine function stays one.

    Args:
        wrapped: The plain function.
        is_open: Whether the client would write: one that is closed raises before.
    """

    def count(client: Any, arguments: tuple[Any, ...]) -> None:
        connection = of(client)
        if connection is not None:
            connection.sent += 1
        sender = context.get_value(SENDING)
        if sender is not None and not _is_closed(client):
            sender.sending(connection, arguments[0] if arguments else None)  # type: ignore[attr-defined]
        elif sender is None:
            witness = current_witness()
            if witness is not None and current() is None and not _is_closed(client):
                # It may be the order of the block that this runs in.
                witness.sent_unseen()

    def fail(client: Any, error: BaseException) -> None:
        if _is_closed(client):
            not_sent(error)

    def _is_closed(client: Any) -> bool:
        try:
            return not is_open(client)
        except Exception:
            # Unknown, so the message may be written.
            return False

    return _before(wrapped, count, fail)


def noting_close(wrapped: Callable[..., Any]) -> Callable[..., Any]:
    """A client's `close`, which notes that the program wants the end; a coroutine function stays one."""
    return _before(wrapped, _note_close)


def is_closing(client: Any) -> bool:
    """Whether the program has called the client's `close`."""
    return bool(client.__dict__.get("_botobs_closing"))


def _before(
    wrapped: Callable[..., Any],
    action: Callable[[Any, tuple[Any, ...]], None],
    on_error: Callable[[Any, BaseException], None] = lambda *_: None,
) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(wrapped):

        async def call_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            action(self, args)
            try:
                return await wrapped(self, *args, **kwargs)
            except BaseException as error:
                on_error(self, error)
                raise

        return call_async

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        action(self, args)
        try:
            return wrapped(self, *args, **kwargs)
        except BaseException as error:
            on_error(self, error)
            raise

    return call


def _note_close(client: Any, _: tuple[Any, ...]) -> None:
    client.__dict__["_botobs_closing"] = True


def end_of(
    sent: Any, received: Any, received_first: bool | None, code: int, closing: bool
) -> tuple[str, int]:
    """Who ended a connection of `websockets`, and with which code.

    Args:
        sent: The close frame that was sent.
        received: The close frame that was received.
        received_first: Whether the other side's came first.
        code: What the library calls the close code: the received one, or 1006.
        closing: Whether the program called `close`.
    """
    if sent is not None and sent.code == 1011 and "keepalive" in sent.reason:
        return "keepalive", code
    if received is not None and (sent is None or received_first):
        return "remote", code
    if closing:
        return "user", code
    # Our side refuses a message, such as one that is too big, with a close frame.
    return "error", sent.code if sent is not None else code
