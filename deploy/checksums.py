"""Records the checksums of upstream's release archives in `versions.toml`: `python -m deploy.checksums`.

For where upstream's hosts can be reached: the workflow `checksums.yml`. Each archive is fetched once, for every machine
that a stack runs on; one that upstream does not have is left out, and built there.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import httpx
import tomlkit

from botobs._ops.programs.release import url_of
from botobs._ops.programs.versions import Pin, pins

MACHINES = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")
VERSIONS = Path(__file__).parents[1] / "versions.toml"


def main() -> int:
    """Record them; returns 1 where a host could not be asked."""
    parser = argparse.ArgumentParser(prog="python -m deploy.checksums", description=__doc__)
    parser.add_argument("--file", type=Path, default=VERSIONS, help="the file that is changed")
    file = parser.parse_args().file
    with httpx.Client(follow_redirects=True, timeout=60.0) as http:
        return record(http, file, [pin for pin in pins().values() if pin.archive is not None])


def record(http: httpx.Client, file: Path, wanted: list[Pin]) -> int:
    """Record the checksums of some components in a file like `versions.toml`."""
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for pin in wanted:
        found = tomlkit.inline_table()
        for machine in MACHINES:
            try:
                checksum = _checksum(http, url_of(pin, machine))
            except httpx.HTTPError as error:
                sys.stderr.write(f"{pin.name} for {machine}: {error or type(error).__name__}\n")
                return 1
            if checksum is not None:
                found[machine] = checksum
        document[pin.name]["archive"]["sha256"] = found
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return 0


def _checksum(http: httpx.Client, url: str) -> str | None:
    """The checksum of what is at an address; None where there is nothing."""
    digest = hashlib.sha256()
    with http.stream("GET", url) as response:
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        response.raise_for_status()
        for chunk in response.iter_raw():
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
