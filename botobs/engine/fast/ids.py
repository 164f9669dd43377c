"""Random ids from a generator of our own.

`random.seed(42)` in a backtest must not give every run the same trace ids, so the module's global generator is not
used. A forked child reseeds, or it would go on drawing its parent's ids.
"""

from __future__ import annotations

import os
from random import Random

from ..._ids import _next

_generator = Random()

#: `getrandbits(128) or 1` is a trace id, `getrandbits(64) or 1` a span id; zero would be invalid.
getrandbits = _generator.getrandbits

#: The ids that the root span now being started is to have instead, if they were given.
given_ids = _next.get

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_generator.seed)
