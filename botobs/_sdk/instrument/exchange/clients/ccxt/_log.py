"""What ccxt logs at DEBUG about a request: keys in headers, signatures in URLs and bodies. An outline is exported.

The redaction of texts cannot do this: what is secret has a name of its own on every exchange, or none. The service's
own handlers get the record as ccxt has made it, unless `redact_local_logs` is set.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from .....patching.guard import never_raise
from .....patching.patch import Patches
from ....logs.logging import EXPORTED

_LOGGER = "ccxt.base.exchange"
_REDACTED = "[redacted]"


def export_outlines(patches: Patches) -> None:
    """Take headers and bodies out of what is exported of ccxt's records."""
    EXPORTED[_LOGGER] = _outline

    def undo() -> None:
        EXPORTED.pop(_LOGGER, None)

    patches.on_undo(undo)


def keep_outlines(patches: Patches) -> None:
    """Take headers and bodies out of ccxt's records as they are made, before any filter or handler sees them."""
    logger = logging.getLogger(_LOGGER)
    wrapped = logger.makeRecord

    @functools.wraps(wrapped)
    def make_record(
        name: str, level: int, file: str, line: int, message: object, args: Any, *rest: Any, **named: Any
    ) -> logging.LogRecord:
        outline = _outline(message, args)
        if outline is None:
            message, outline = "a record of ccxt that could not be redacted", ()
        return wrapped(name, level, file, line, message, outline, *rest, **named)

    patches.replace(logger, "makeRecord", make_record)


@never_raise("ccxt")
def _outline(message: object, args: Any) -> Any:
    """Of `method url, Request: headers body` and `method url, Response: status headers body` what is no secret."""
    text = str(message)
    if not isinstance(args, tuple) or len(args) < 3 or not ("Request:" in text or "Response:" in text):
        return args
    method, url, *rest = args
    status = rest[:1] if "Response:" in text else []
    return (method, str(url).split("?", 1)[0], *status, *[_REDACTED] * (len(rest) - len(status)))
