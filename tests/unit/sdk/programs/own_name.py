"""Makes a span of the name that its argument is."""

from __future__ import annotations

import sys

import botobs

botobs.init()
with botobs.span(sys.argv[1]):
    pass
