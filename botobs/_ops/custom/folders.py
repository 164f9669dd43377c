"""Which files a person may have in `custom/`, and what each folder is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..._sdk.files import read_small
from ..errors import StackError
from ..home.private import make_folder

#: Bytes of one file at most: a dashboard can be large.
_LARGEST = 16 * 2**20


@dataclass(frozen=True)
class Folder:
    """One folder of `custom/`.

    Attributes:
        suffixes: Of the files that are read.
        program: The folder of configuration that they belong to; its name decides how a value is quoted.
        purpose: What they are.
    """

    suffixes: tuple[str, ...]
    program: str
    purpose: str


_YAML = (".yml", ".yaml")
FOLDERS: Mapping[str, Folder] = {
    "rules": Folder(_YAML, "prometheus", "alerts and recorded series of Prometheus"),
    "tests": Folder(_YAML, "prometheus", "tests of these, as promtool runs them"),
    "routes": Folder(
        _YAML, "alertmanager", "receivers, routes, inhibit_rules and time_intervals of Alertmanager"
    ),
    "templates": Folder((".tmpl",), "alertmanager", "templates of messages"),
    "dashboards": Folder((".json",), "grafana", "dashboards of Grafana"),
    "collector": Folder(_YAML, "collector", "configuration of the collector, laid over ours"),
}


def files(custom: Path, name: str) -> Sequence[Path]:
    """The files of one folder, by name; those whose name begins with a dot are ignored."""
    folder = custom / name
    if not folder.is_dir():
        return ()
    wanted = FOLDERS[name].suffixes
    return sorted(
        each for each in folder.iterdir() if each.suffix in wanted and not each.name.startswith(".")
    )


def text_of(file: Path) -> str:
    """The text of a person's file.

    Raises:
        StackError: It is none that can be read: a pipe, a device, a folder, no text.
    """
    try:
        # Notepad begins a file with a byte order mark.
        return read_small(file, _LARGEST).decode("utf-8-sig")
    except OSError as error:
        raise StackError(f"{file}: it cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise StackError(f"{file}: it is no UTF-8 text") from None


def make(custom: Path) -> None:
    """Make the folders, so that a person sees where their files go."""
    for name in FOLDERS:
        make_folder(custom / name)


def unread(custom: Path) -> Sequence[Path]:
    """What stands in `custom/` and is not read: another folder, another suffix."""
    if not custom.is_dir():
        return ()
    found = [each for each in custom.iterdir() if each.name not in FOLDERS]
    for name in FOLDERS:
        if (custom / name).is_dir():
            found += set((custom / name).iterdir()) - set(files(custom, name))
    return sorted(each for each in found if not each.name.startswith(".") and each.suffix != ".md")
