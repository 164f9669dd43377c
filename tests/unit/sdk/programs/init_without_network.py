"""`init` asks the network for nothing, the collector's address neither."""

from __future__ import annotations

import botobs
from tests.unit.sdk.programs import traced

traced.start()
botobs.init(endpoint="http://collector.invalid:4318")
traced.stop()
network = {event for event in traced.seen["MainThread"] if event.startswith("socket.")}
assert network <= {"socket.gethostname"}, network
