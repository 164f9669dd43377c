"""Forks as often as its argument says while four threads record; every child records, ends, and says how it went."""

from __future__ import annotations

import os
import sys
import threading

from opentelemetry import metrics, trace

import botobs

CHILDREN = int(sys.argv[1])

botobs.init()
meter = metrics.get_meter("mine")
counter, histogram = meter.create_counter("hits"), meter.create_histogram("wait", "s")
busy = True


def record() -> None:
    while busy:
        with botobs.span("parent"):
            counter.add(1)
            histogram.record(0.1)
            trace.get_current_span().set_attribute("n", 1)
            meter.create_counter("hits")


threads = [threading.Thread(target=record) for _ in range(4)]
for thread in threads:
    thread.start()
children = []
for _ in range(CHILDREN):
    with botobs.span("open at the fork"):
        pid = os.fork()
    if pid == 0:
        for _ in range(10):
            with botobs.span("child"):
                counter.add(1)
                histogram.record(0.1)
        metrics.get_meter("late").create_counter("late").add(1)
        os._exit(0 if botobs.shutdown(60) else 9)
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
busy = False
for thread in threads:
    thread.join()
assert codes == [0] * CHILDREN, codes
