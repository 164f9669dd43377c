"""A service with the name that it is given: one span, and the metrics that it has by itself."""

from __future__ import annotations

import sys

import botobs

botobs.init(sys.argv[1])
with botobs.span("decide"):
    print("decided")
# Its exit code says whether all was delivered.
sys.exit(0 if botobs.flush(30) else 1)
