"""The console: alerts, dashboards, traces, orders, bots, runbooks and `why`, in a browser.

`server` speaks HTTP, `keys` is who may do what, `site` finds the page of an address, `pages/` has one file a page.
A page is a frame that opens at once; its blocks follow one by one, as the backends answer, so that one that does not
delays no other. The drawing is the report's: a report is the same panels, frozen.
"""

from __future__ import annotations

from ..access.people import Role
from .keys import key_of
from .process import process
from .server import Server

__all__ = ["Role", "Server", "key_of", "process"]
