"""A worker of Celery; run as a program it sends what its first argument counts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import work  # type: ignore[import-not-found]
from celery import Celery

app = Celery("matrix", broker=os.environ["BROKER"])
if os.environ["BROKER"].startswith("filesystem"):
    _folder = Path(os.environ["HOME"]) / "broker"
    _folder.mkdir(exist_ok=True)
    app.conf.broker_transport_options = {
        "data_folder_in": str(_folder),
        "data_folder_out": str(_folder),
        "control_folder": str(_folder),
    }


@app.task(name="job")  # type: ignore[untyped-decorator]
def job() -> None:
    """Work."""
    work.work()


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        job.delay()
