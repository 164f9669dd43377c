"""A rule that is broken is noticed: metrics renamed, limits shifted by a fifth, pending times halved and doubled."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.rules._mutants import Mutant, mutants
from tests.support import rules

#: Pytest's `record_property`: a figure for `docs/verified.json`.
Figure = Callable[[str, object], None]

_AREAS = ("services", "bots", "orders", "database", "exchanges", "pipeline")
#: Mutants that behave as the original does, by name, with the reason.
_EQUIVALENT: dict[str, str] = {
    f"service:slo_errors:rate{{availability,{sli}}}: service:slo_requests:rate renamed": (
        "it gives a service without failures a zero, for the dashboards; to an alert zero and nothing are the same"
    )
    for sli in ("http", "turns")
} | {
    f"{record}: botobs_order_{what}_timestamp_seconds renamed": (
        "the groups that remember orders run as often as all others where rules are played back; in production every "
        "half hour and every quarter minute, and what came since is read from what services tell"
    )
    for what in ("unknown", "settled")
    for record in ("bot:orders_unsettled:count", f"order:{what}:latest_timestamp_seconds")
}


@pytest.mark.parametrize("area", _AREAS)
def test_some_case_notices_every_mutant(
    promtool: Path, rendered: Path, tmp_path: Path, record_property: Figure, area: str
) -> None:
    original = rules.read(rendered)
    broken = [mutant for mutant in _of(area, original) if mutant.name not in _EQUIVALENT]
    assert broken
    survivors = _survivors(broken, original, promtool, rendered, tmp_path)
    record_property(f"{area}: mutants, survivors", f"{len(broken)}, {len(survivors)}")
    assert not survivors, f"{len(survivors)} of {len(broken)} mutants survive:\n" + "\n".join(survivors)


def test_some_case_notices_two_mutants_of_each_kind(promtool: Path, rendered: Path, tmp_path: Path) -> None:
    """The sample of the lane in `make test`; of each kind the first and the last, which are of different areas."""
    original = rules.read(rendered)
    kinds: dict[str, list[Mutant]] = {}
    for mutant in mutants(original):
        if mutant.name not in _EQUIVALENT:
            kinds.setdefault(mutant.kind, []).append(mutant)
    assert sorted(kinds) == ["compared", "renamed", "threshold", "waiting"]
    broken = [mutant for of_kind in kinds.values() for mutant in (of_kind[0], of_kind[-1])]
    assert _survivors(broken, original, promtool, rendered, tmp_path) == []


def test_every_excuse_is_about_a_mutant_that_exists(rendered: Path) -> None:
    names = {mutant.name for mutant in mutants(rules.read(rendered))}
    assert set(_EQUIVALENT) <= names


def _survivors(
    broken: Sequence[Mutant], original: Sequence[rules.Rule], promtool: Path, rendered: Path, tmp_path: Path
) -> list[str]:
    """Names of the mutants that every case of their alerts passes with."""
    cases = rules.cases_by_alert(rendered)

    def survives(numbered: tuple[int, Mutant]) -> bool:
        number, mutant = numbered
        folder = tmp_path / str(number)
        shutil.copytree(rendered / "tests", folder / "tests")
        (folder / "rules").mkdir()
        mutant.write(original, folder / "rules")
        try:
            return all(
                _passes(promtool, folder / "tests", file, alert)
                for alert in mutant.alerts
                for file in cases[alert]
            )
        finally:
            shutil.rmtree(folder)

    with ThreadPoolExecutor(2) as pool:
        fates = zip(broken, pool.map(survives, enumerate(broken)), strict=True)
        return [mutant.name for mutant, alive in fates if alive]


def _of(area: str, original: Sequence[rules.Rule]) -> Iterator[Mutant]:
    """The mutants of an area's alerts; those of a record go with the first alert that uses it."""
    areas = {rule.name: rule.labels["area"] for rule in original if rule.is_alert}
    return (mutant for mutant in mutants(original) if areas[mutant.alerts[0]] == area)


def _passes(promtool: Path, folder: Path, file: str, alert: str) -> bool:
    run: list[str | Path] = [promtool, "test", "rules", "--run", f"^{alert}:", file]
    return subprocess.run(run, cwd=folder, capture_output=True).returncode == 0
