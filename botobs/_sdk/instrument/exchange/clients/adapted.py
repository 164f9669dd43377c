"""Watches a client library by what its `ExchangeClient` says of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from time import monotonic
from types import ModuleType
from typing import Any

from opentelemetry import context

from ....orders.journal import JOURNAL
from ....patching import failures
from ....patching.guard import never_raise
from ....patching.overrides import replace_overridable
from ....patching.patch import Patches
from ...base import Telemetry
from ...shared import once_per_provider
from .. import connection_events, integrity
from ..scope import scoped
from ..state import Connection
from ..telemetry import ExchangeTelemetry
from ..updates import updated
from .adapted_call import begin_call
from .adapted_request import begin_request
from .protocol import ExchangeClient
from .streams import raw

Function = Callable[..., Any]
Hook = Callable[[ExchangeTelemetry, Function, inspect.Signature, bool], Function]
#: The receiver of a method; a function has none.
_RECEIVERS = ("self", "cls")


class AdaptedClient:
    """The instrumentation of one client library, named as its `ExchangeClient` is.

    Raises:
        TypeError: What is given is no `ExchangeClient`, or has no name.
    """

    def __init__(self, client: ExchangeClient) -> None:
        if not isinstance(client, ExchangeClient) or not client.name:
            raise TypeError(f"{type(client).__name__} is no botobs.clients.ExchangeClient with a name")
        self.name = client.name
        self.client = client
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Watch the library, imported or not."""
        if self.client.messages and "sequence" not in self.client.impossible:
            integrity.DECODED.add(self.name)
        for hook, targets in (
            (self._call, self.client.calls),
            (self._request, self.client.requests),
            (self._socket, self.client.sockets),
            (self._message, self.client.messages),
        ):
            for target in targets:
                module, _, path = target.partition(":")
                self._patches.on_import(module, functools.partial(self._watch, telemetry, hook, path))

    def uninstall(self) -> None:
        """Take the patches back; running calls are still recorded, open connections go on unseen."""
        self._patches.undo()

    def _watch(
        self,
        telemetry: Telemetry,
        hook: Hook,
        path: str,
        module: ModuleType,
    ) -> None:
        *owners, name = path.split(".")
        owner: Any = module
        for part in owners:
            owner = getattr(owner, part, None)
        plain = getattr(owner, name, None)
        if not callable(plain):
            failures.report(self.name)
            failures.give_up(self.name, f"{module.__name__}:{path} is not in the release that is installed")
            return
        if hook != self._message:
            # It may send orders.
            JOURNAL.want()
        exchanges = once_per_provider(telemetry, ExchangeTelemetry)
        signature = inspect.signature(plain)

        def watching(users: bool, function: Function) -> Function:
            return functools.wraps(function)(hook(exchanges, function, signature, users))

        wrapped = watching(False, plain)
        if owner is module:
            self._patches.replace_function(plain, wrapped)
        elif hook in (self._call, self._request):
            # A user's own may send in its own way, or more than once.
            replace_overridable(self._patches, owner, name, wrapped, functools.partial(watching, True))
        else:
            self._patches.replace(owner, name, wrapped)

    def _call(
        self, exchanges: ExchangeTelemetry, plain: Function, signature: inspect.Signature, users: bool
    ) -> Function:
        reading = never_raise(self.name)(begin_call)

        def begin(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return reading(exchanges, self.client, instance, signature, args, kwargs, users)

        method = scoped(plain, begin)
        if _is_method(signature):
            return method
        without = scoped(_ignoring_first(plain), begin)

        @functools.wraps(plain)
        def function(*args: Any, **kwargs: Any) -> Any:
            return without(None, *args, **kwargs)

        return function

    def _request(
        self, exchanges: ExchangeTelemetry, plain: Function, signature: inspect.Signature, users: bool
    ) -> Function:
        reading = never_raise(self.name)(begin_request)

        def begin(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return reading(exchanges, self.client, instance, signature, args, kwargs, users)

        return scoped(plain, begin)

    def _socket(
        self, exchanges: ExchangeTelemetry, plain: Function, _: inspect.Signature, _users: bool
    ) -> Function:
        @never_raise(self.name)
        def owner(args: tuple[Any, ...]) -> connection_events.Owner:
            instance = args[0] if args else None
            return connection_events.Owner(
                exchanges.exchange(self.client.who(instance)).name, self.name, bool(self.client.messages)
            )

        if inspect.iscoroutinefunction(plain):

            async def connect_async(*args: Any, **kwargs: Any) -> Any:
                token = context.attach(connection_events.owned_by(owner(args)))
                try:
                    return await plain(*args, **kwargs)
                finally:
                    context.detach(token)

            return connect_async

        def connect(*args: Any, **kwargs: Any) -> Any:
            token = context.attach(connection_events.owned_by(owner(args)))
            try:
                return plain(*args, **kwargs)
            finally:
                context.detach(token)

        return connect

    def _message(
        self, exchanges: ExchangeTelemetry, plain: Function, signature: inspect.Signature, _users: bool
    ) -> Function:
        client = self.client

        @never_raise(self.name)
        def look(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
            instance = args[0] if _is_method(signature) and args else None
            opened = client.socket(instance)
            connection = raw.receiving.get() if opened is None else raw.of_any(opened)
            if connection is not None:
                bound = signature.bind(*args, **kwargs).arguments
                take(exchanges, connection, client, instance, bound)

        if inspect.iscoroutinefunction(plain):

            async def receive_async(*args: Any, **kwargs: Any) -> Any:
                look(args, kwargs)
                return await plain(*args, **kwargs)

            return receive_async

        def receive(*args: Any, **kwargs: Any) -> Any:
            look(args, kwargs)
            return plain(*args, **kwargs)

        return receive


def take(
    exchanges: ExchangeTelemetry,
    connection: Connection,
    client: ExchangeClient,
    instance: Any,
    arguments: Mapping[str, Any],
) -> None:
    """Take a message into account that the library has decoded."""
    now = monotonic()
    for update in client.message(instance, arguments):
        if update.ended:
            connection.streams.pop(update.key, None)
            connection.restart_check()
            continue
        if update.sequence is not None:
            connection.count_missing(update.key, *update.sequence)
        stream = connection.stream(update.key, update.channel, now)
        if now < stream.sample_at:
            stream.last = now
        else:
            updated(exchanges, connection, update.key, update.data, now)
    decoded = next((value for name, value in arguments.items() if name not in _RECEIVERS), None)
    if connection.check is None:
        connection.check = integrity.sequence_check(connection.key[0])
    connection.check_sequence(decoded)


def _is_method(signature: inspect.Signature) -> bool:
    return next(iter(signature.parameters), "") in _RECEIVERS


def _ignoring_first(plain: Function) -> Function:
    if inspect.iscoroutinefunction(plain):

        async def call_async(_: Any, /, *args: Any, **kwargs: Any) -> Any:
            return await plain(*args, **kwargs)

        return call_async

    def call(_: Any, /, *args: Any, **kwargs: Any) -> Any:
        return plain(*args, **kwargs)

    return call
