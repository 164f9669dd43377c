"""The alert rules, rendered with every default."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import rules


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `rules/` and `tests/`."""
    return rules.render(tmp_path_factory.mktemp("prometheus"))


@pytest.fixture(scope="session")
def alerts(rendered: Path) -> list[rules.Rule]:
    """Every alerting rule."""
    return [rule for rule in rules.read(rendered) if rule.is_alert]
