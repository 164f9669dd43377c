"""`python -m botobs` is the command `botobs`."""

from __future__ import annotations

import sys

from ._ops.cli import main

if __name__ == "__main__":
    sys.exit(main())
