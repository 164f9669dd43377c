"""Objects that end a span when they are collected, in the middle of any other call."""

from __future__ import annotations

import gc

import botobs

botobs.init()
gc.set_threshold(5)


class Holder:
    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        with botobs.span("finalized"):
            pass


for _ in range(3000):
    Holder()
    with botobs.span("x", {"a": [1, 2]}):
        pass
gc.collect()
