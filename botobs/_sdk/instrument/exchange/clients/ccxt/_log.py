"""What ccxt logs at DEBUG about a request: keys in headers, signatures in URLs and bodies. Only its outline is kept.

The redaction of texts cannot do this: what is secret has a name of its own on every exchange, or none.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from .....patching.guard import never_raise
from .....patching.patch import Patches

_LOGGER = "ccxt.base.exchange"
_REDACTED = "[redacted]"


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
