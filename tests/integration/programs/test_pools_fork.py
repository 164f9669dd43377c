"""600 pools of `multiprocessing` by fork; with its neighbours a thousand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import pools


@pytest.mark.parametrize("collector", pools.COLLECTORS)
def test_pools_close(collector: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    pools.close("fork", 200, collector, tmp_path, record_property)
