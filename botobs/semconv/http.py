"""Calls over HTTP, as server and as client.

Names of the stable conventions: https://opentelemetry.io/docs/specs/semconv/http/. No attribute carries a query string
or user info.
"""

from __future__ import annotations

from ._model import Metric, declared_in

HTTP_REQUEST_METHOD = "http.request.method"
HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original"
HTTP_RESPONSE_STATUS_CODE = "http.response.status_code"
HTTP_ROUTE = "http.route"
NETWORK_PROTOCOL_NAME = "network.protocol.name"
URL_FULL = "url.full"
URL_PATH = "url.path"
URL_SCHEME = "url.scheme"

SERVER_REQUEST_DURATION = Metric(
    "http.server.request.duration",
    "histogram",
    "s",
    "Duration of HTTP requests as the server's handler sees them, up to the headers of an answer that is a stream.",
    (HTTP_REQUEST_METHOD, URL_SCHEME, HTTP_ROUTE, HTTP_RESPONSE_STATUS_CODE, "error.type"),
)
SERVER_STREAM_DURATION = Metric(
    "botobs.http.server.stream.duration",
    "histogram",
    "s",
    "How long answers that are sent piece by piece and WebSockets last, from the request to their end. Their request's "
    "duration ends with the answer's headers.",
    (
        HTTP_REQUEST_METHOD,
        URL_SCHEME,
        HTTP_ROUTE,
        HTTP_RESPONSE_STATUS_CODE,
        "error.type",
        NETWORK_PROTOCOL_NAME,
    ),
)
SERVER_ACTIVE_REQUESTS = Metric(
    "http.server.active_requests",
    "updowncounter",
    "{request}",
    "HTTP requests that are being handled now.",
    (HTTP_REQUEST_METHOD, URL_SCHEME),
)
CLIENT_REQUEST_DURATION = Metric(
    "http.client.request.duration",
    "histogram",
    "s",
    "Duration of HTTP requests as the client sees them, up to the answer's headers.",
    (
        HTTP_REQUEST_METHOD,
        HTTP_RESPONSE_STATUS_CODE,
        "error.type",
        "network.protocol.version",
        "server.address",
        "server.port",
    ),
)

METRICS = declared_in(globals())
