"""Makes one span, and fails where botobs does not run."""

from __future__ import annotations

import botobs

botobs.init("elsewhere", strict=True)
with botobs.span("from another host"):
    pass
botobs.shutdown()
