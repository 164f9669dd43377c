"""Sleeps, and has a child that does."""

from __future__ import annotations

import subprocess
import sys
import time

if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
time.sleep(600)
