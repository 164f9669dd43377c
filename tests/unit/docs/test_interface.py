"""The public interface is that of the snapshots: a change is seen in review."""

from __future__ import annotations

import difflib

from docs import interface


def test_the_interface_is_that_of_the_snapshots() -> None:
    changes = []
    for path, content in interface.snapshots().items():
        stored = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        changes += [
            f"{path.stem}: {line}"
            for line in difflib.unified_diff(stored, content.splitlines(), lineterm="", n=0)
            if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
    assert not changes, "\n".join(
        [
            "The public interface has changed. If that is meant: run `make snapshots` and let the change be reviewed.",
            "What is removed or renamed needs an alias first (docs/deprecations.md).",
            *changes,
        ]
    )


def test_no_snapshot_is_left_of_what_is_no_more() -> None:
    assert set(interface.FOLDER.glob("*.txt")) == set(interface.snapshots())


def test_every_public_name_has_a_docstring() -> None:
    without = [
        f"{package}.{each.name}"
        for package, objects in interface.public_objects().items()
        for each in objects
        if (each.is_function or each.is_class) and not each.docstring
    ]
    assert not without
