"""The main job: services with one line each trade, and it is seen in the real backends."""

from __future__ import annotations

import pytest

from botobs._demo import checks
from botobs._demo.observe import Backends
from testbed.stack import LiveStack
from tests.support.waiting import eventually

#: The orders of a platform that goes on trading agree only once it has stopped: the smoke test looks at that.
_AFTERWARDS = {"orders: simulator = Prometheus = Tempo"}
_CHECKS = {name: check for name, check in checks.all_checks() if name not in _AFTERWARDS}


@pytest.mark.parametrize("name", _CHECKS)
def test_it_is_seen(live: LiveStack, name: str) -> None:
    def seen() -> bool:
        try:
            _ask(live, _CHECKS[name])
        except checks.NotSeen as error:
            raise AssertionError(str(error)) from None
        return True

    assert eventually(seen, within=60)


def _ask(live: LiveStack, check: checks.Check) -> str:
    async def ask() -> str:
        backends = Backends(live.stack)
        try:
            return await check(backends)
        finally:
            await backends.close()

    return live.call(ask())
