"""The chart rendered in several ways, once a session, and the programs that judge it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.programs.versions import pins
from tests.support import charts

#: What the chart says that it runs on, and the newest whose schemas there are.
KUBERNETES = ("1.27.0", "1.37.0")


@pytest.fixture(scope="session")
def tools() -> Mapping[str, Path]:
    """Path of helm, kubeconform and Mimir, built first where they are missing."""
    found = Binaries()
    parts = ["helm", "kubeconform", "mimir"]
    found.require(parts, Silent())
    return {program: found[program] for name in parts for program in pins()[name].packages}


@pytest.fixture(scope="session")
def rendered(tools: Mapping[str, Path]) -> Callable[[str], str]:
    """The text that Helm makes with the values of a case."""
    return cache(lambda case: charts.render(tools["helm"], charts.CASES[case]))


@pytest.fixture(scope="session", params=charts.CASES)
def case(request: pytest.FixtureRequest) -> str:
    """The name of a case."""
    return str(request.param)


@pytest.fixture(scope="session")
def manifests(rendered: Callable[[str], str], case: str) -> list[charts.Manifest]:
    """The objects of a case."""
    return charts.load(rendered(case))


@pytest.fixture(scope="session")
def everything(rendered: Callable[[str], str]) -> list[charts.Manifest]:
    """The objects where all is turned on."""
    return charts.load(rendered("everything"))


@pytest.fixture(scope="session", params=KUBERNETES)
def schemas(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the schemas of a version of Kubernetes.

    They come with the package kubernetes-validate, which gives them addresses on the network. Without those, the files
    find each other in the folder.
    """
    package = importlib.util.find_spec("kubernetes_validate")
    assert package is not None and package.origin is not None, "kubernetes-validate is of the extra `dev`"
    source = Path(package.origin).parent / "kubernetes-json-schema" / f"v{request.param}-local-strict"
    folder = tmp_path_factory.mktemp("schemas")
    for file in source.glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        schema.pop("$id", None)
        text = json.dumps(schema).replace('"/api/_definitions.json#', '"_definitions.json#')
        (folder / file.name).write_text(text, encoding="utf-8")
    return folder
