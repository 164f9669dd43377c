"""What botobs emits about exchanges: requests, limits, streams, books and orders.

OpenTelemetry has no convention for trading or for WebSockets, so the names are our own. Attributes that exist in the
HTTP convention keep their names. Symbols are attributes of spans alone: as labels they would multiply every series by
the number of markets.
"""

from __future__ import annotations

from .._model import declared_in
from ._attributes import *  # noqa: F403 - all of it is public, under this name
from ._calls import *  # noqa: F403
from ._orders import *  # noqa: F403
from ._streams import *  # noqa: F403

METRICS = declared_in(globals())
