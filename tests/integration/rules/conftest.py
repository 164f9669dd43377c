"""promtool, and the rules as the stack renders them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support import rules


@pytest.fixture(scope="session")
def promtool(binaries: Mapping[str, Path]) -> Path:
    """The program that checks and tests rules."""
    return binaries["promtool"]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `rules/` and `tests/`, rendered with every default."""
    return rules.render(tmp_path_factory.mktemp("prometheus"))
