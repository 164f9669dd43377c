"""A service in a container: one span, and the metrics that it has by itself."""

from __future__ import annotations

import sys

import botobs

botobs.init("inside")
with botobs.span("decide"):
    print("decided")
# Its exit code says whether all was delivered.
sys.exit(0 if botobs.flush(30) else 1)
