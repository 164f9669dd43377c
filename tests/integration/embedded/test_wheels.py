"""`pip install 'botobs[stack,demo]'` with the wheels of the programs, then `botobs demo`: it trades, Tempo follows."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from botobs._ops.embedded.store import Store, path_in
from deploy import program_wheels
from tests.integration.embedded.demo import Demo, orders
from tests.support import environments
from tests.support.waiting import eventually

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def wheels() -> Path:
    """The folder of a release: every wheel that it has, kept until a version is another."""
    packed = program_wheels.packed_by_default()
    versions = " ".join(f"{pin.name} {pin.cache_name}" for pin in packed)
    folder = environments.CACHE / f"program-wheels-{hashlib.sha256(versions.encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for pin in packed:
        if not list(folder.glob(f"botobs_{pin.name}-*.whl")):
            program_wheels.pack(pin, folder)
    return folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that PostgreSQL's user could reach too."""
    made = Path(tempfile.mkdtemp(prefix="botobs-first-minute-"))
    yield made
    shutil.rmtree(made)


def test_their_programs_need_no_library_of_the_system(wheels: Path, tmp_path: Path) -> None:
    """So that they run where another libc is, or none: the wheels' names promise both."""
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            names = [name for name in packed.namelist() if "/scripts/" in name]
            programs = [packed.extract(name, tmp_path) for name in names]
        assert programs
        for program in programs:
            done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
            assert "not a dynamic executable" in done.stdout + done.stderr, program


def test_it_trades_and_tempo_follows(
    wheels: Path, binaries: Mapping[str, Path], folder: Path, record_property: Record
) -> None:
    """Tempo alone has to be built: the machine's Go has nothing else to give."""
    for wheel in sorted(wheels.glob("*.whl")):
        record_property(f"MB of {wheel.name.partition('-')[0]}", round(wheel.stat().st_size / 1e6, 1))
    began = time.monotonic()
    names = [wheel.name.partition("-")[0] for wheel in wheels.glob("*.whl")]
    scripts = environments.of_the_wheel(folder, "stack,demo", "--find-links", str(wheels), *names)
    record_property("seconds of pip install", round(time.monotonic() - began, 1))
    demo = Demo(folder, {"tempo": binaries["tempo"]}, str(scripts / "python"))
    try:
        eventually(lambda: path_in(demo.home).exists(), within=240)
        store = Store(path_in(demo.home))
        eventually(lambda: orders(store) > 0, within=240)
        record_property("seconds from its start to the first order", round(time.monotonic() - demo.began, 1))
        assert "tempo" not in demo.parts
        demo.let_build()
        eventually(lambda: "tempo" in demo.parts, within=240)
        record_property("seconds until Tempo was there", round(time.monotonic() - demo.began, 1))
        eventually(lambda: store.waiting == 0, within=240)
        store.close()
    finally:
        said = demo.close()
    assert demo.process.returncode == 0, said
    assert "Stored in Tempo: " in said
    built = {path.name for path in folder.glob("cache/botobs/*/*/[!.]*")}
    assert built == {"tempo"}
