"""The range of a report, and queries filled for it."""

from __future__ import annotations

from botobs._ops.report.dashboards import fill
from botobs._ops.report.window import Window


def test_an_hour_has_a_point_every_15_seconds_at_places_that_stay() -> None:
    window = Window.last(3600, now=100_007.5)
    assert (window.start, window.end, window.step, window.points) == (96405, 100005, 15, 241)


def test_a_short_range_has_finer_points_and_a_long_one_no_more() -> None:
    assert Window.last(300, now=1000).step == 5
    assert Window.last(86400, now=1e6).points <= 242


def test_rates_are_taken_over_four_scrapes_at_least() -> None:
    assert Window.last(300, now=1000).rate_interval == 60
    assert Window.last(86400, now=1e6).rate_interval == 375


def test_variables_are_filled_and_other_dollars_stay() -> None:
    window = Window.last(3600, now=100_000)
    text = 'label_replace(rate(a{service_name=~"$service"}[$__rate_interval]), "x", "$1", "y", "(.*)") offset $__range'
    assert fill(text, window) == (
        'label_replace(rate(a{service_name=~".*"}[60s]), "x", "$1", "y", "(.*)") offset 3600s'
    )
    assert fill("$bot", window, {"bot": "b-1"}) == "b-1"
