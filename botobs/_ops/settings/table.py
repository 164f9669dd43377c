"""The table of the stack's settings: name, type, default and meaning, once.

Checked against it, by `tests/unit/settings/`: the defaults in the templates, in docker-compose.yml and in the chart.
Made from it: `docs/reference/stack-settings.md` and `botobs settings`. The SDK's are in `botobs._sdk.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..components.ports import PORTS
from . import _alerting, _pipeline, _thresholds, sign_in
from .kinds import PORT
from .setting import Setting

_OF_PORTS = tuple(
    Setting(port.variable, PORT, str(port.default), f"port of {port.component}: {port.purpose}")
    for port in PORTS
)

#: Settings by what they are about, in the order of the reference page.
GROUPS: Mapping[str, tuple[Setting, ...]] = {
    "General": _pipeline.GENERAL,
    "Receivers of alerts": _alerting.ALERTING,
    "Single sign-on": sign_in.SIGN_IN,
    "Collector": _pipeline.COLLECTOR,
    "Stores": _pipeline.STORES,
    "Objectives and market hours": _alerting.OBJECTIVES,
    "Times of rules": _alerting.TIMES,
    "Thresholds of rules": _thresholds.THRESHOLDS,
    "Ports": _OF_PORTS,
    "Decided by the stack": _pipeline.DECIDED,
}

TABLE: Mapping[str, Setting] = {setting.name: setting for group in GROUPS.values() for setting in group}
