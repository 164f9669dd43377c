"""Watches ccxt's requests, synchronous and asynchronous.

One CLIENT span per unified call, its HTTP requests folded into it. The hooks are those that no exchange class
overrides: `fetch2` (one endpoint, with its waiting and its retries), `fetch` (one HTTP request), `throttle`, and
`on_rest_response` (status and headers, before errors are mapped).
"""

from __future__ import annotations

import functools
import operator
import weakref
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from opentelemetry import context

from ......semconv import exchange as semconv
from .....context import attach, leave
from .....context import current as current_context
from .....orders.journal import JOURNAL
from .....patching.guard import never_raise
from .....patching.patch import Patches
from .....redaction import known
from ....base import Telemetry
from ....shared import once_per_provider
from ...names import IMPLICIT, OPERATIONS, PREPARES, camel_case
from ...operation import Operation, begin_operation, current
from ...order_details import batch, order_attributes
from ...request import Aside, Request, begin_aside, current_request, template
from ...scope import Begin, scoped
from ...telemetry import ExchangeTelemetry
from ._endpoints import Endpoint, endpoint
from ._log import export_outlines, keep_outlines
from ._throttle import begin_throttle, watch_old_throttler

_LIBRARY = "ccxt"
# Of ccxt's `requiredCredentials`, those that are secrets.
_CREDENTIALS = ("apiKey", "secret", "password", "privateKey", "token", "twofa")
_credentials_of = operator.attrgetter(*_CREDENTIALS)
_ENDPOINT = context.create_key("botobs-exchange-endpoint")
_KINDS: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()


class CcxtRest:
    """The instrumentation named `ccxt`."""

    name = _LIBRARY

    def __init__(self) -> None:
        self._patches = Patches(self.name)
        self._roots: list[type] = []
        self._wrapped: weakref.WeakSet[type] = weakref.WeakSet()

    def install(self, telemetry: Telemetry) -> None:
        """Watch ccxt, imported or not; classes and instances that exist are watched too."""

        def sync_imported(module: ModuleType) -> None:
            self._watch(once_per_provider(telemetry, ExchangeTelemetry), module.Exchange)

        def async_imported(module: ModuleType) -> None:
            self._watch(once_per_provider(telemetry, ExchangeTelemetry), module.Exchange)
            watch_old_throttler(self._patches, once_per_provider(telemetry, ExchangeTelemetry), module)

        export_outlines(self._patches)
        if telemetry.settings.redact_local_logs:
            keep_outlines(self._patches)
        self._patches.on_import("ccxt.base.exchange", sync_imported)
        self._patches.on_import("ccxt.async_support.base.exchange", async_imported)

    def uninstall(self) -> None:
        """Take the patches back; running calls are still recorded."""
        self._patches.undo()
        for cls in self._wrapped:
            _refresh_aliases(cls)
        self._roots.clear()
        self._wrapped.clear()

    def _watch(self, exchanges: ExchangeTelemetry, root: type) -> None:
        JOURNAL.want()
        begins: dict[str, Begin] = {
            "fetch2": functools.partial(_begin_endpoint, exchanges),
            "fetch": functools.partial(_begin_request, exchanges),
            "throttle": functools.partial(begin_throttle, exchanges),
        }
        for name, begin in begins.items():
            owner = _owner(root, name)
            if owner is not None and not hasattr(vars(owner)[name], "_botobs"):
                self._replace(owner, name, scoped(vars(owner)[name], begin))
        owner = _owner(root, "on_rest_response")
        if owner is not None and not hasattr(vars(owner)["on_rest_response"], "_botobs"):
            self._replace(owner, "on_rest_response", _reading_answers(vars(owner)["on_rest_response"]))
        owner = _owner(root, "__init__")
        # The asynchronous constructor calls the synchronous one, which makes the second spellings.
        if owner is not None and not any(_owner(known, "__init__") in root.__mro__ for known in self._roots):
            self._replace(owner, "__init__", self._wrapping_classes(exchanges, vars(owner)["__init__"]))
        self._roots.append(root)
        # Of the other classes the first instance has its class wrapped: there are 300, and wrapping all takes 0.2 s.
        in_use = [cls for cls in _with_subclasses(root) if _has_aliases(cls)]
        for cls in in_use:
            self._wrap_bases(exchanges, cls)
        for cls in in_use:
            _refresh_aliases(cls)

    def _replace(self, owner: type, name: str, value: Callable[..., Any]) -> None:
        value._botobs = True  # type: ignore[attr-defined]
        self._patches.replace(owner, name, value)

    def _wrapping_classes(
        self, exchanges: ExchangeTelemetry, wrapped: Callable[..., None]
    ) -> Callable[..., None]:
        @functools.wraps(wrapped)
        def construct(instance: Any, /, *args: Any, **kwargs: Any) -> None:
            self._wrap_bases(exchanges, type(instance))
            wrapped(instance, *args, **kwargs)

        return construct

    @never_raise(_LIBRARY)
    def _wrap_bases(self, exchanges: ExchangeTelemetry, cls: type) -> None:
        for base in cls.__mro__:
            if base not in self._wrapped and any(root in base.__mro__ for root in self._roots):
                self._wrap_class(exchanges, base)

    def _wrap_class(self, exchanges: ExchangeTelemetry, cls: type) -> None:
        """Wrap the unified methods that `cls` itself defines, and those with which it prepares itself."""
        if cls in self._wrapped:
            return
        self._wrapped.add(cls)
        for name in (OPERATIONS | PREPARES).intersection(vars(cls)):
            method = vars(cls)[name]
            begin: Begin = functools.partial(
                _begin_call if name in OPERATIONS else _begin_preparing, exchanges, name
            )
            if callable(method) and not hasattr(method, "_botobs"):
                self._replace(cls, name, scoped(method, begin))


def who(exchanges: ExchangeTelemetry, instance: Any) -> tuple[str, str]:
    """The values of `exchange.name` and `exchange.client` for a ccxt object."""
    cls = type(instance)
    kind = _KINDS.get(cls)
    if kind is None:
        modules = [base.__module__ for base in cls.__mro__]
        if any(module.startswith("ccxt.pro") for module in modules):
            kind = "ccxt.pro"
        else:
            kind = "ccxt.async" if any("async_support" in module for module in modules) else "ccxt.sync"
        _KINDS[cls] = kind
    return exchanges.exchange(getattr(instance, "id", None)).name, kind


@never_raise(_LIBRARY)
def _begin_call(
    exchanges: ExchangeTelemetry,
    name: str,
    instance: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Operation | Aside | None:
    aside = begin_aside(instance, name)
    if aside is not None:
        return aside
    return begin_operation(
        exchanges,
        instance,
        who(exchanges, instance),
        name,
        order_attributes(name, args, kwargs, exchanges.values),
        batch(name, args, kwargs),
        getattr(instance, "apiKey", None),
        secret=getattr(instance, "secret", None),
    )


@never_raise(_LIBRARY)
def _begin_preparing(
    exchanges: ExchangeTelemetry,  # noqa: ARG001 - as for a call
    name: str,
    instance: Any,
    args: tuple[Any, ...],  # noqa: ARG001 - a `Begin`
    kwargs: dict[str, Any],  # noqa: ARG001 - a `Begin`
) -> Aside | None:
    return begin_aside(instance, name)


class _Endpoint:
    """One `fetch2`: knows how many requests it has made, and ends the call that it stands for, if any."""

    __slots__ = ("_asked", "_operation", "_token", "api", "attempts")

    _token: Any

    def __init__(self, operation: Operation | None, api: str, asked: Endpoint | None) -> None:
        self._operation = operation
        self._asked = asked
        self.api = api
        self.attempts = 0
        self.resume()

    def pause(self) -> None:
        token, self._token = self._token, None
        if token is not None:
            leave(token)

    def resume(self) -> None:
        self._token = attach({**current_context(), _ENDPOINT: self})

    def finish(self, result: Any) -> None:
        self.pause()
        if self._operation is not None:
            self._operation.finish(_unified(self._asked, result))

    def fail(self, error: BaseException) -> None:
        if isinstance(error, GeneratorExit):
            return
        self.pause()
        if self._operation is not None:
            self._operation.fail(error)


@never_raise(_LIBRARY)
def _begin_endpoint(
    exchanges: ExchangeTelemetry, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _Endpoint | None:
    running = current()
    own = running is not None and running.owner == id(instance)
    identity = running.who if running is not None and own else who(exchanges, instance)
    if id(instance) not in exchanges.clients:
        exchanges.register_client(instance, *who(exchanges, instance))
    path = args[0] if args else kwargs.get("path", "")
    api = args[1] if len(args) > 1 else kwargs.get("api", "public")
    section = ".".join(map(str, api) if isinstance(api, list | tuple) else [str(api)])[:40]
    operation, asked = None, None
    if not own:
        method = str(args[2] if len(args) > 2 else kwargs.get("method", "GET"))
        asked = endpoint(
            identity[0], method.upper(), str(path), args[3] if len(args) > 3 else kwargs.get("params")
        )
        operation = begin_operation(
            exchanges,
            instance,
            identity,
            asked.operation,
            asked.attributes,
            asked.batch,
            getattr(instance, "apiKey", None),
            secret=getattr(instance, "secret", None),
            raw=True,
        )
        running = current()
    if running is None:
        return None
    running.template = template(path)
    return _Endpoint(operation, section, asked)


def _credentials(instance: Any) -> tuple[Any, ...]:
    try:
        values: tuple[Any, ...] = _credentials_of(instance)
    except AttributeError:
        # One of another version, or of the user's own.
        values = tuple(getattr(instance, name, None) for name in _CREDENTIALS)
    return values


@never_raise(_LIBRARY)
def _unified(asked: Endpoint | None, result: Any) -> Any:
    return result if asked is None else asked.unified(result)


@never_raise(_LIBRARY)
def _begin_request(
    exchanges: ExchangeTelemetry, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Request | None:
    known.add_together(_credentials(instance))
    url = args[0] if args else kwargs.get("url", "")
    method = args[1] if len(args) > 1 else kwargs.get("method", "GET")
    running = current()
    identity = (
        running.who if running is not None and running.owner == id(instance) else who(exchanges, instance)
    )
    endpoint = current_context().get(_ENDPOINT)
    api = "other"
    if isinstance(endpoint, _Endpoint):
        api = endpoint.api
        endpoint.attempts += 1
        if endpoint.attempts > 1:
            operation = running.name if running is not None else IMPLICIT
            exchanges.retries.add(
                1, {semconv.NAME: identity[0], semconv.CLIENT: identity[1], semconv.OPERATION: operation}
            )
    body = args[3] if len(args) > 3 else kwargs.get("body")
    return Request(exchanges, identity, api, str(url), str(method).upper(), body)


def _reading_answers(wrapped: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    def on_rest_response(self: Any, *args: Any, **kwargs: Any) -> Any:
        _read_answer(args)
        return wrapped(self, *args, **kwargs)

    return on_rest_response


@never_raise(_LIBRARY)
def _read_answer(args: tuple[Any, ...]) -> None:
    request = current_request()
    if request is not None and len(args) > 5:
        code, _reason, _url, _method, headers, body = args[:6]
        request.answered(code, headers, body)


def _owner(root: type, name: str) -> type | None:
    """The class that defines `name`; which one it is changed between ccxt's versions."""
    return next((cls for cls in root.__mro__ if name in vars(cls) and cls is not object), None)


def _with_subclasses(root: type) -> Iterator[type]:
    pending, seen = [root], set()
    while pending:
        cls = pending.pop()
        if cls not in seen:
            seen.add(cls)
            yield cls
            pending.extend(cls.__subclasses__())


def _has_aliases(cls: type) -> bool:
    """Whether an instance of a class was made: ccxt's constructor stores second spellings on the instance's class."""
    return camel_case("create_order") in vars(cls)


def _refresh_aliases(cls: type) -> None:
    """Point the second spellings that ccxt stored on a class at what the first spellings mean now."""
    for name in OPERATIONS:
        alias = camel_case(name)
        if alias != name and alias in vars(cls) and hasattr(cls, name):
            setattr(cls, alias, getattr(cls, name))
