"""`versions.json` of a home: what it was last started with, so that an upgrade knows what it changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._sdk.files import read_small
from ..errors import StackError
from .home import Home
from .private import write_secret

NAME = "versions.json"


@dataclass(frozen=True)
class Record:
    """The versions and arguments with which a home was last started.

    Attributes:
        botobs: Version of botobs; empty where that is not known.
        programs: Version of each program, by its name in versions.toml.
        arguments: Of `botobs up`, after `--home`.
    """

    botobs: str = ""
    programs: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


def write(home: Home, record: Record) -> None:
    """Write the record into the home."""
    content = {
        "botobs": record.botobs,
        "programs": dict(record.programs),
        "arguments": list(record.arguments),
    }
    write_secret(home.path / NAME, json.dumps(content, indent=1) + "\n")


def read(home: Home) -> Record:
    """What is remembered; nothing in a home that was never started by a botobs that writes it.

    Raises:
        StackError: The file cannot be read.
    """
    file = home.path / NAME
    try:
        content: Any = json.loads(read_small(file))
        return Record(str(content["botobs"]), dict(content["programs"]), tuple(content["arguments"]))
    except FileNotFoundError:
        return Record()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StackError(
            f"{file} cannot be read: {error!r}", "Delete it; the next start writes it."
        ) from None
