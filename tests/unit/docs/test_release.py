"""What `make release-check` and the release workflow hold back. The build itself takes too long for a unit test."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.release import NEEDED, ROOT, ReleaseError, check_tag, check_wheel

_METADATA = "Metadata-Version: 2.4\nName: botobs\nVersion: 1.2.3\n\nWhat it is."


def test_the_tag_is_the_version_and_the_changelog_has_it() -> None:
    check_tag("v1.2.3", "1.2.3", "## Unreleased\n\n## 1.2.3 - 2026-01-31\n")


@pytest.mark.parametrize(
    ("tag", "changelog"),
    [
        ("v1.2.4", "## 1.2.3 - 2026-01-31\n## 1.2.4 - 2026-01-31\n"),
        ("1.2.3", "## 1.2.3 - 2026-01-31\n"),
        ("v1.2.3", "## Unreleased\n"),
        ("v1.2.3", "## 1.2.3\n"),
        ("v1.2.3", "## 1x2.3 - 2026-01-31\n"),
    ],
)
def test_a_tag_that_does_not_fit_is_not_released(tag: str, changelog: str) -> None:
    with pytest.raises(ReleaseError):
        check_tag(tag, "1.2.3", changelog)


def _wheel(folder: Path, metadata: str = _METADATA, names: tuple[str, ...] = NEEDED) -> Path:
    path = folder / "botobs-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
        archive.writestr("botobs-1.2.3.dist-info/METADATA", metadata)
    return path


def test_a_complete_wheel_passes(tmp_path: Path) -> None:
    check_wheel(_wheel(tmp_path), "1.2.3")


@pytest.mark.parametrize(
    ("metadata", "names", "why"),
    [
        (_METADATA.replace("Name: botobs\n", ""), NEEDED, "not valid"),
        (_METADATA.replace("Version: 1.2.3", "Version: 1.2.4"), NEEDED, r"version 1\.2\.4"),
        (_METADATA.replace("What it is.", ""), NEEDED, "no description"),
        (_METADATA, NEEDED[1:], "lacks botobs/py.typed"),
        (_METADATA, (*NEEDED, "tests/conftest.py"), "brings tests too"),
    ],
)
def test_a_wheel_that_is_wrong_is_not_released(
    tmp_path: Path, metadata: str, names: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ReleaseError, match=why):
        check_wheel(_wheel(tmp_path, metadata, names), "1.2.3")


def test_the_source_distribution_has_what_the_wheel_is_built_from() -> None:
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]
    assert {*targets["wheel"]["packages"], *targets["wheel"]["force-include"]} <= set(
        targets["sdist"]["only-include"]
    )


def test_the_workflow_publishes_only_what_the_check_has_passed() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    assert any("make release-check TAG=" in step.get("run", "") for step in jobs["build"]["steps"])
    assert jobs["publish"]["needs"] == "build"
    # Trusted publishing: no password of a registry is stored anywhere.
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in str(workflow)
