"""`manifest.json` of a backup: what is in it, and what made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..._version import __version__
from ..errors import StackError
from ..home.private import write_secret

_FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """The description of a backup, kept as a file in it.

    Attributes:
        botobs: Version of botobs that the home was last started with.
        created: When it was taken.
        digests: SHA-256 of every file, by its path in the backup.
    """

    botobs: str
    created: str
    digests: Mapping[str, str]


def write(folder: Path, botobs: str, digests: Mapping[str, str]) -> None:
    """Write the manifest, the last file of a backup."""
    content = {
        "format": _FORMAT,
        "botobs": botobs or __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": dict(sorted(digests.items())),
    }
    write_secret(folder / NAME, json.dumps(content, indent=1) + "\n")


def read(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        StackError: The folder is no backup, or one of a format that this version does not know.
    """
    file = folder / NAME
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise StackError(
                f"{folder} is a backup of format {content['format']}, and this botobs knows {_FORMAT}",
                "Restore it with a newer botobs.",
            )
        return Manifest(str(content["botobs"]), str(content["created"]), dict(content["files"]))
    except (FileNotFoundError, NotADirectoryError):
        raise StackError(f"{folder} is no backup: it has no {NAME}", "Make one with botobs backup.") from None
    except OSError as error:
        raise StackError(f"{file} cannot be read: {error.strerror}", "Take another backup.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(f"{file} is damaged: {error}", "Take another backup.") from None
