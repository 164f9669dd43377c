"""Prints where it sends to, and makes a span of the name that its argument is."""

from __future__ import annotations

import os
import sys

import botobs

botobs.init()
print(os.environ["BOTOBS_ENDPOINT"])
with botobs.span(sys.argv[1]):
    pass
