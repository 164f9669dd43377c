"""The picture of what telemetry costs is that of the table beside it."""

from __future__ import annotations

from bench import chart


def test_the_picture_shows_the_tables_figures() -> None:
    page = chart.PAGE.read_text(encoding="utf-8")
    assert len(chart.figures_of(page)) == 12
    assert chart.TARGET.read_text(encoding="utf-8") == chart.picture(page)
