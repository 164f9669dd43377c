"""Links of pages on the site, and the pages that it lists. `make docs` builds it and checks every link."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from docs.generate import FOLDER
from docs.interface import PUBLIC
from docs.site import ROOT, linked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](settings.md)", "[a](settings.md)"),
        ("[a](settings.md#b)", "[a](settings.md#b)"),
        ("![a](../pictures/overview.png)", "![a](../pictures/overview.png)"),
        ("[a](https://opentelemetry.io/)", "[a](https://opentelemetry.io/)"),
        ("[changelog](../../CHANGELOG.md)", "[changelog](../changelog.md)"),
        ("[runbooks](../runbooks/)", "[runbooks](alerts.md)"),
        ("[its page](../../collector/README.md#tiers)", "its page (`collector/README.md` in the repository)"),
        ("[`versions.toml`](../../versions.toml)", "`versions.toml`"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_names_a_file(text: str, expected: str) -> None:
    assert linked(text, "docs/reference", "reference/metrics.md") == expected


def _pages(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    return [page for below in (nav.values() if isinstance(nav, dict) else nav) for page in _pages(below)]


def test_the_site_lists_every_page_and_every_public_package() -> None:
    listed = _pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    written = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md")}
    assert {page for page in written if not page.startswith("runbooks/")} <= set(listed)
    assert {f"api/{package.rpartition('.')[2]}.md" for package in PUBLIC} <= set(listed)
    assert len(listed) == len(set(listed))
