"""Who may scrape: on an address that other hosts reach, nobody without a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from botobs._sdk.settings import load


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ({"scrape_address": "127.0.0.1:9464"}, True),
        ({"scrape_address": "[::1]:0"}, True),
        ({"scrape_address": "0.0.0.0:9464"}, False),
        ({"scrape_address": "scraped.example:9464"}, False),
        ({"scrape_address": "0.0.0.0:9464", "scrape_token_file": "/run/token"}, True),
        ({"scrape_address": "127.0.0.1:9464", "scrape_certificate": "/run/pem"}, False),
        ({"scrape_address": "9464"}, False),
    ],
)
def test_an_address(given: dict[str, str], served: bool, tmp_path: Path) -> None:
    found = load(given, {}, tmp_path)
    assert (found.scrape_address is not None) == served
    assert [problem.setting for problem in found.problems] == ([] if served else ["scrape_address"])
