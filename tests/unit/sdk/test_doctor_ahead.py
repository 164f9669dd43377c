"""`botobs doctor` warns of a disk that fills, months before it is full."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from botobs._ops.doctor.ahead import disk, queries

#: Bytes that are free, that a day adds, and that were used a day ago, by the disk.
Disks = dict[str, tuple[float, float | None, float | None]]
GB = 1e9


def _prometheus(disks: Disks) -> httpx.Client:
    asked = dict(zip(queries("here"), range(3), strict=True))

    def respond(request: httpx.Request) -> httpx.Response:
        which = asked[parse_qs(request.content.decode())["query"][0]]
        found = [
            {"metric": {"mountpoint": mount}, "value": [0, str(values[which])]}
            for mount, values in disks.items()
            if values[which] is not None
        ]
        return httpx.Response(
            200, json={"status": "success", "data": {"resultType": "vector", "result": found}}
        )

    return httpx.Client(base_url="http://prometheus", transport=httpx.MockTransport(respond))


@pytest.mark.parametrize(
    ("disks", "level", "said"),
    [
        ({"/": (90 * GB, GB / 2, 10 * GB)}, "ok", "enough for more than 90 days"),
        ({"/": (90 * GB, -GB, 10 * GB)}, "ok", "enough for more than 90 days"),
        ({"/": (80 * GB, GB, 10 * GB)}, "warning", "growth of 1.00 GB a day it is full in 80 days"),
        ({"/": (6 * GB, GB, 10 * GB)}, "error", "full in 6 days"),
        ({"/": (6 * GB, None, None)}, "ok", "how fast it fills is known after a day"),
        # The disk of the data, and no other.
        ({"/": (6 * GB, GB, GB), "/srv": (800 * GB, GB, GB)}, "ok", "800.0 GB are free on /srv"),
        ({"/": (800 * GB, GB, GB), "/srv": (6 * GB, GB, GB)}, "error", "free on /srv"),
        ({"/other": (6 * GB, GB, GB)}, "note", "does not report the disk that holds"),
        ({}, "note", "does not report the disk that holds"),
    ],
)
def test_a_disk_that_fills(disks: Disks, level: str, said: str) -> None:
    with _prometheus(disks) as prometheus:
        [finding] = disk(prometheus, Path("/srv/botobs/data"), "here")
    assert (finding.level, said in finding.text) == (level, True), finding


def test_a_home_that_is_a_link_is_on_the_disk_to_which_it_leads(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "big")
    with _prometheus({"/": (6 * GB, GB, GB), str(tmp_path / "big"): (800 * GB, GB, GB)}) as prometheus:
        [finding] = disk(prometheus, tmp_path / "home" / "data", "here")
    assert finding.level == "ok"


def test_a_prometheus_that_does_not_say_is_a_warning() -> None:
    refusing = httpx.MockTransport(lambda _: httpx.Response(503, text="starting"))
    with httpx.Client(base_url="http://prometheus", transport=refusing) as prometheus:
        [finding] = disk(prometheus, Path("/"), "here")
    assert finding.level == "warning"
