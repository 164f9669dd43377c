"""Stand-ins for the images of docker-compose.yml: our own programs at upstream's paths, under upstream's names.

Each is one layer: the programs, the shared libraries that they are linked to, and a busybox. What upstream's images
have beyond that (certificates, licences, a package manager) is not here, and what they do at their start is in the
entrypoint of PostgreSQL alone. Busybox is in every one of them, also where upstream has no shell, so that a test can
look at what a container sees.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import yaml

from botobs._ops.components import postgres
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.programs.versions import pins
from tests.support import configs
from tests.support.containers import debian
from tests.support.containers.layer import Layer

_SCRIPTS = Path(__file__).parent
#: What lets users without an entry in passwd run PostgreSQL, as in the upstream image; of a Debian package.
_NSS_WRAPPER = "libnss_wrapper.so"
#: A stand-in of no upstream image: a service of ours, whose programs are mounted.
SERVICE = "botobs-test/service:1.0"
#: Where upstream's images have our programs; the first is the entrypoint.
_PROGRAMS: Mapping[str, Mapping[str, str]] = {
    "collector": {"botobs-collector": "/otelcol-contrib"},
    "intake": {"botobs-intake": "/botobs-intake"},
    "prometheus": {"prometheus": "/bin/prometheus", "promtool": "/bin/promtool"},
    # The same image: one that finds pods, as upstream's does.
    "scraper": {"prometheus-scraper": "/bin/prometheus", "promtool": "/bin/promtool"},
    "tempo": {"tempo": "/tempo"},
    "mimir": {"mimir": "/bin/mimir"},
    "alertmanager": {"alertmanager": "/bin/alertmanager", "amtool": "/bin/amtool"},
    "postgres_exporter": {"postgres_exporter": "/bin/postgres_exporter"},
    "object-store": {"versitygw": "/usr/local/bin/versitygw"},
}
_OF_COMPOSE = tuple(name for name in _PROGRAMS if name not in {"object-store", "scraper"})
#: What upstream's shells are asked by the health checks.
_NC = {"tempo": "/busybox/nc", "postgres_exporter": "/bin/nc"}
#: What the entrypoint of PostgreSQL and the database's owner need of busybox.
_APPLETS = ("sh", "cat", "chown", "chmod", "mkdir", "id")
#: What is asked of another image beside its program.
_APPLETS_OF = {"object-store": ("mkdir",)}


class Store(Protocol):
    """What keeps images: an engine, or the nodes of a cluster."""

    folder: Path

    def load(self, image: str, archive: Path, changes: Mapping[str, Sequence[str]]) -> None:
        """Make an image of an archive of its files; `changes` are its instructions, with their words."""


def make(store: Store) -> None:
    """Make every image of docker-compose.yml but Grafana's, which cannot be had here, and one for services."""
    make_programs(store, _OF_COMPOSE)
    make_database(store)
    make_service(store)


def make_programs(store: Store, names: Iterable[str]) -> None:
    """Make the images of some components."""
    binaries = Binaries()
    names = list(names)
    # promtool is the stack's Prometheus', whoever scrapes.
    binaries.require([*names, "prometheus"], Silent())
    for name in names:
        fill = partial(_fill, name=name, binaries=binaries)
        image = pins()["prometheus" if name == "scraper" else name].image
        _make(store, image, fill, {"ENTRYPOINT": [next(iter(_PROGRAMS[name].values()))]})


def make_database(store: Store) -> str:
    """Make the image of PostgreSQL; returns its name."""
    compose = yaml.safe_load((configs.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    name = str(compose["services"]["postgres"]["image"])
    instructions = {"ENTRYPOINT": ["docker-entrypoint.sh"], "CMD": ["postgres"]}
    _make(store, name, _fill_postgres, instructions)
    return name


def make_service(store: Store) -> None:
    """Make the image for services."""
    _make(store, SERVICE, _fill_service, {})


def _make(
    store: Store, name: str, fill: Callable[[Layer], None], instructions: Mapping[str, Sequence[str]]
) -> None:
    archive = store.folder / "image.tar"
    with tarfile.open(archive, "w") as tar:
        fill(Layer(tar))
    store.load(name, archive, instructions)
    archive.unlink()


def _fill(layer: Layer, name: str, binaries: Binaries) -> None:
    programs = {binaries[program]: path for program, path in _PROGRAMS[name].items()}
    for source, path in programs.items():
        layer.add(source, path)
    layer.libraries(programs)
    layer.busybox(f"/bin/{applet}" for applet in _APPLETS_OF.get(name, ()))
    if name in _NC:
        layer.add(_SCRIPTS / "nc.sh", _NC[name])


def _fill_postgres(layer: Layer) -> None:
    """PostgreSQL of the wheel, with an entrypoint that does what upstream's documents."""
    programs = postgres.find_programs()
    package = programs.parents[1]
    base = f"/opt/{package.name}/{programs.parent.name}"
    layer.add(programs.parent, base)
    # The wheel keeps shared libraries beside the package, and its programs look for them there.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        layer.add(libraries, f"/opt/{libraries.name}")
    if not list(Path("/usr/lib").rglob(_NSS_WRAPPER)):
        debian.apt_install("libnss-wrapper")
    wrapper = next(Path("/usr/lib").rglob(_NSS_WRAPPER))
    layer.add(wrapper, f"/usr/lib/{_NSS_WRAPPER}")
    # Upstream's image is a Debian.
    tar = Path(shutil.which("tar") or "/bin/tar")
    layer.add(tar, "/bin/tar")
    layer.libraries([*programs.iterdir(), *programs.parent.rglob("*.so"), wrapper, tar], own=package.parent)
    layer.busybox(f"/bin/{name}" for name in _APPLETS)
    layer.folder("/var/lib/postgresql")
    # As upstream has them: what is mounted there has these modes when a container is started again.
    layer.folder("/tmp", 0o1777)
    layer.folder("/var/run/postgresql", 0o3777)
    for program in programs.iterdir():
        layer.link(f"/usr/local/bin/{program.name}", f"{base}/bin/{program.name}")
    layer.add(_SCRIPTS / "docker-entrypoint.sh", "/usr/local/bin/docker-entrypoint.sh")


def _fill_service(layer: Layer) -> None:
    """Nothing but the places at which a host's /usr is mounted."""
    for name in ("bin", "sbin", "lib", "lib64"):
        layer.link(f"/{name}", f"usr/{name}")
    for name in ("/usr", "/etc", "/tmp"):
        layer.folder(name)
