"""A name that begins with an underscore stays in the package that it belongs to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import botobs

ROOT = Path(botobs.__file__).parent
_FILES = {
    ".".join(("botobs", *file.relative_to(ROOT).with_suffix("").parts)): file for file in ROOT.rglob("*.py")
}


def test_no_private_name_crosses_a_package() -> None:
    crossings = [crossing for module in _FILES for crossing in _crossings(module, _FILES[module].read_text())]
    assert crossings == []


@pytest.mark.parametrize(
    "code",
    [
        "from ..trading import _recorder",
        "from ..trading._recorder import Recorder",
        "from .._sdk.ids import _next",
    ],
)
def test_a_crossing_is_found(code: str) -> None:
    assert list(_crossings("botobs.testing._globals", code))


def test_benchmarks_need_no_tests() -> None:
    """What both use is in `testbed/`."""
    files = [file for folder in ("bench", "testbed") for file in (ROOT.parent / folder).rglob("*.py")]
    assert files
    needy = {
        str(file.relative_to(ROOT.parent))
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests"
    }
    assert needy == set()


def _crossings(module: str, code: str) -> Iterator[str]:
    """The private names that a module takes from outside of their package."""
    package = module.rpartition(".")[0]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("botobs")):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = [*base, *filter(None, (node.module or "").split("."))]
            for alias in node.names:
                path = [*source, alias.name]
                for at, name in enumerate(path):
                    owner = ".".join(path[:at])
                    if _is_private(name) and not f"{package}.".startswith(f"{owner}."):
                        yield f"{module}: {'.'.join(path)}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
