"""Makes twenty spans."""

from __future__ import annotations

import botobs

with botobs.init("later"):
    for _ in range(20):
        with botobs.span("turn"):
            pass
