"""What an instrumentation of an exchange client says of its client; everything else is the same for all of them.

A client library is one class that derives from `ExchangeClient`. It names the functions that the library calls for each
request, for each connection and for each message, and says in ccxt's words what they are about. Spans, metrics, limits,
the clock, the outcome of orders and the state of streams are derived from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..names import IMPLICIT
from ..ratelimit import LimitState

__all__ = ["Call", "ExchangeClient", "LimitState", "Update"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client.

    Attributes:
        method: The HTTP method.
        path: The endpoint's path, without values such as ids; it is shown as `url.template`.
        operation: ccxt's name of the unified method, in snake case, or `implicit`.
        order: What the call says about an order or a market, with ccxt's keys: `symbol`, `side`, `type`, `id`,
            `clientOrderId`, `amount`, `price`.
        orders: Where it submits several orders, each of them, with the same keys.
        sent: What is about to be sent, to find client order ids in that the library has made; None for `order`.
        trial: The exchange only checks the order.
    """

    method: str
    path: str
    operation: str = IMPLICIT
    order: Mapping[str, Any] = field(default_factory=dict)
    orders: Sequence[Mapping[str, Any]] | None = None
    sent: Any = None
    trial: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """One message of a stream.

    Attributes:
        key: Names the stream among those of its connection; stays in this process.
        channel: `orderbook`, `ticker`, `trades`, `ohlcv`, `orders`, `my_trades`, `balance`, `positions` or `other`.
        data: As ccxt would deliver it, as far as it is known: `symbol`, `timestamp` in milliseconds; of orders a list
            with `id`, `clientOrderId`, `symbol`, `status`, `filled`.
        ended: The stream was unsubscribed: its silence is no fault.
        sequence: The numbers of the first and of the last update in it, where the exchange counts by one.
    """

    key: Any
    channel: str
    data: Any = None
    ended: bool = False
    sequence: tuple[int, int] | None = None


class ExchangeClient:
    """Describes one client library.

    All methods run inside the service's calls: they must be quick, and may raise. What a method raises is counted under
    `name` in `botobs.sdk.instrumentation.errors`; the call goes on as without botobs. Functions are named as
    `module:Class.method` or `module:function`; modules that the program never imports are passed over.

    Attributes:
        name: In lower case, with underscores: the value of `exchange.client`, and the name by which it is switched off.
        library: The module that the library is imported by.
        exchange: ccxt's id of the exchange.
        http: The HTTP library below it: `requests`, `httpx`, `aiohttp` or `urllib3`. Its responses are seen there.
            Empty for any other: then an order that raised is never said to have failed before it was sent.
        session: Attribute of the library's object, with dots as in `credentials`, with the session of `http`: what a
            user has put in its place may send unseen. Empty where there is none.
        calls: Functions that make one call of the exchange's HTTP API each, retries included.
        requests: Methods that send one request each over a WebSocket, such as an order. They may return before its
            response; what they write, and the response, are seen in the WebSocket library.
        sockets: Functions that open a WebSocket, or make the object that does.
        messages: Functions that are given one message each; their arguments go to `message`.
        credentials: Attributes of the library's object with secrets in them, the API key first; with dots for those of
            another object, such as `options.secret`. Of a function: of its arguments.
        impossible: What can not be seen of this library, each with the reason: `operation`, `latency`, `outcome`,
            `category`, `limits`, `clock`, `order`, `socket_order`, `stream`, `silence`, `reconnects`, `sequence`.
    """

    name: ClassVar[str] = ""
    library: ClassVar[str] = ""
    exchange: ClassVar[str] = ""
    http: ClassVar[str] = "requests"
    session: ClassVar[str] = ""
    calls: ClassVar[Sequence[str]] = ()
    requests: ClassVar[Sequence[str]] = ()
    sockets: ClassVar[Sequence[str]] = ()
    messages: ClassVar[Sequence[str]] = ()
    credentials: ClassVar[Sequence[str]] = ()
    impossible: ClassVar[Mapping[str, str]] = {}

    def who(self, client: Any) -> str:  # noqa: ARG002 - for others to use
        """The exchange that an object of the library talks to: ccxt's id of it."""
        return self.exchange

    def address(self, client: Any) -> str:  # noqa: ARG002 - for others to use
        """The address that an object of the library talks to, so that a test net has another name; or empty."""
        return ""

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:
        """What call this is; None for one that is none of the exchange's.

        Args:
            client: The object whose method is called; None for a function.
            arguments: By the names of the function's parameters; those that were not given are missing.
        """
        raise NotImplementedError

    def request(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - for others to use
        """What is sent by one of `requests`, with an operation such as `create_order_ws`; None for what is not watched.

        `result`, `error`, `time` and `limits` get the decoded message that is its response.

        Args:
            client: The object whose method is called; its `socket` is asked for too.
            arguments: As for `call`.
        """
        return None

    def request_id(self, message: Mapping[str, Any]) -> str:  # noqa: ARG002 - for others to use
        """The id of the request that a decoded message is or responds to; empty for any other message."""
        return ""

    def result(self, call: Call, result: Any) -> Any:  # noqa: ARG002 - for others to use
        """What the call returned, as ccxt would, as far as it is known; for several orders a list in their order.

        Of an order: `id`, `clientOrderId`, `symbol`, `status` (`open`, `closed`, `canceled`, `expired`, `rejected`),
        `filled`, and `code` for the error code of one that was refused among several.
        """
        return None

    def error(self, call: Call, result: Any) -> str:  # noqa: ARG002 - for others to use
        """The exchange's error code in what a call returned, for a library that does not raise; empty without one."""
        return ""

    def time(self, call: Call, result: Any) -> float | None:  # noqa: ARG002 - for others to use
        """The exchange's clock in what a call returned, in seconds since the epoch; None where there is none."""
        return None

    def limits(self, call: Call, result: Any) -> Iterable[LimitState]:  # noqa: ARG002 - for others to use
        """What a call returned about limits; the usual headers are read without it."""
        return ()

    def socket(self, client: Any) -> Any:  # noqa: ARG002 - for others to use
        """The open connection of the object that was given a message, or that sends: one of the WebSocket library's.

        None for the one from which websocket-client has received in this thread.
        """
        return None

    def message(self, client: Any, arguments: Mapping[str, Any]) -> Iterable[Update]:  # noqa: ARG002 - as above
        """The updates in a message.

        Args:
            client: The object whose method is called.
            arguments: As for `call`. A text that the library has not decoded must not be decoded here: each message
                would be decoded twice.
        """
        return ()
