"""Does not end at SIGTERM; makes the file that its argument names when that holds."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).touch()
time.sleep(600)
