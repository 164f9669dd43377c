"""Sends 6 MiB of spans that do not compress, and waits for the end of its input."""

from __future__ import annotations

import os
import sys
import urllib.request

from testbed.otlp_requests import Span, traces

for _ in range(76):
    body = traces(Span("big", attributes={"text": os.urandom(40_000).hex()})).SerializeToString()
    request = urllib.request.Request(
        os.environ["BOTOBS_ENDPOINT"] + "/v1/traces", body, {"Content-Type": "application/x-protobuf"}
    )
    urllib.request.urlopen(request).close()
sys.stdin.read()
