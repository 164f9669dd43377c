"""Sizes follow from measured coefficients, and from nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.scale.fit import solve
from botobs._ops.cli import main
from botobs._ops.sizing import PROFILES, Platform, predict

SMALL = Platform(services=2, bots=20, exchanges=2, orders_per_second=1)
DAY = 86_400


def test_coefficients_are_found_again() -> None:
    rows = [[1, 10, 3], [1, 100, 7], [1, 1000, 1], [1, 50, 90], [1, 5, 400]]
    wanted = [4.0, 0.5, 0.02]
    values = [sum(cell * one for cell, one in zip(row, wanted, strict=True)) for row in rows]
    assert solve(rows, values) == pytest.approx(wanted, rel=1e-3)


def test_a_cause_that_would_have_to_be_negative_has_no_part() -> None:
    # Less, the more there are: nothing that adds up explains it.
    assert solve([[1, 1], [1, 10]], [10, 5])[1] == 0


def test_tempo_holds_more_for_a_while_than_without_queries() -> None:
    [tempo] = [tier for tier in predict(SMALL).tiers if tier.name == "tempo"]
    # As measured with 20 bots, after three reports.
    assert tempo.memory + tempo.peak >= 1331 * 2**20
    assert predict(SMALL).peak == tempo.peak


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (replace(SMALL, bots=2000), "series"),
        (replace(SMALL, services=20), "series"),
        (replace(SMALL, exchanges=8), "series"),
        (replace(SMALL, symbols=10), "series"),
        (replace(SMALL, orders_per_second=100), "spans"),
        (replace(SMALL, turn_seconds=1), "spans"),
        (replace(SMALL, metric_interval=5), "points"),
    ],
)
def test_more_of_anything_needs_more(more: Platform, what: str) -> None:
    before, after = predict(SMALL), predict(more)
    assert getattr(after, what) > getattr(before, what)
    assert after.cores > before.cores
    assert after.disk > before.disk


def test_disk_follows_retention_and_horizon() -> None:
    parts = {tier.name: tier.disk for tier in predict(SMALL, retention=10 * DAY, horizon=DAY).tiers}
    longer = {tier.name: tier.disk for tier in predict(SMALL, retention=20 * DAY, horizon=3 * DAY).tiers}
    assert longer["prometheus"] == pytest.approx(2 * parts["prometheus"])
    assert longer["tempo"] == pytest.approx(2 * parts["tempo"])
    assert longer["collector"] == pytest.approx(3 * parts["collector"])


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_measured(profile: str) -> None:
    """What waits is on the disk of who services send to, and what is kept on that of a store."""
    size = predict(SMALL, retention=10 * DAY, horizon=DAY, profile=profile)
    longer = predict(SMALL, retention=20 * DAY, horizon=DAY, profile=profile)
    assert all(tier.cores >= 0 and tier.memory > 0 for tier in size.tiers)
    assert size.tiers[0].disk == longer.tiers[0].disk > 0
    assert longer.disk > size.disk


@pytest.mark.parametrize(
    ("profile", "stores"),
    [("cluster", {"mimir", "tempo-ingester"}), ("kubernetes", {"mimir", "tempo"})],
)
def test_what_is_recent_is_beside_the_object_store(profile: str, stores: set[str]) -> None:
    """And what it does not take while it is away; how long it keeps things is its own affair."""

    def disks(retention: float, horizon: float) -> dict[str, float]:
        size = predict(SMALL, retention=retention, horizon=horizon, profile=profile)
        return {tier.name: tier.disk for tier in size.tiers if tier.name in stores}

    usual = disks(10 * DAY, DAY)
    assert usual.keys() == stores and min(usual.values()) > 0
    assert usual == disks(20 * DAY, DAY)
    assert all(more > usual[store] for store, more in disks(10 * DAY, 3 * DAY).items())


def test_queries_need_memory_on_pods() -> None:
    tiers = {tier.name: tier for tier in predict(SMALL, profile="kubernetes").tiers}
    assert tiers["tempo"].peak > 0


def test_the_command_tells_what_it_calculated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "--bots", "500", "--services", "5", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["platform"]["bots"] == 500
    assert said["cores"] == pytest.approx(sum(tier["cores"] for tier in said["tiers"]))
    assert main(["size", "--bots", "500"]) == 0
    shown = capsys.readouterr().out
    assert "series" in shown
    assert "prometheus" in shown


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--bots", "-1"], "--bots"),
        (["--turn-seconds", "0"], "--turn-seconds"),
        (["--retention", "soon"], "--retention"),
        (["--horizon", "x"], "--horizon"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", *arguments]) == 2
    assert named in capsys.readouterr().err
