"""Answers as long as it runs: the number in the file that its argument names grows."""

from __future__ import annotations

import sys
import time
from pathlib import Path

while True:
    Path(sys.argv[1]).write_text(str(time.monotonic()))
    time.sleep(0.01)
