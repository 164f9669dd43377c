"""Where the receiver of a home's sessions listens: the same place each time, as far as it is free.

What a killed program has left for the next one is for whoever sends to the same address.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..embedded.receiver import Receiver
from ..errors import StackError
from ..home.private import read_secret, write_secret

_SAVED = re.compile(r"(\d{1,5})(/[0-9a-f]{32})")


def listen(file: Path, make: Callable[[int, str], Receiver]) -> Receiver:
    """A receiver on the port of the last session, or on another one where that is taken.

    Args:
        file: Where port and path are remembered.
        make: Makes a receiver of a port and a path.
    """
    port, path = 0, f"/{secrets.token_hex(16)}"
    with suppress(StackError):
        if saved := _SAVED.fullmatch(read_secret(file)):
            port, path = int(saved[1]), saved[2]
    try:
        receiver = make(port, path)
    except (OSError, OverflowError):
        receiver = make(0, path)
    else:
        # Where nothing can be written, the next session listens elsewhere.
        with suppress(OSError):
            write_secret(file, f"{receiver.port}{path}")
    return receiver
