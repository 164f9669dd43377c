"""Takes secrets out of whatever leaves the process.

Everything passes here on the export thread, in every signal: names, attributes, events, exceptions, status texts. What
the process itself holds as a secret is recognised first (`known`). Then names decide (`names`), then what a text looks
like (`texts`, `values`). `rules.toml` has the words, formats and hosts.
"""

from __future__ import annotations

from .redactor import CUT_MARGIN, MAX_BYTES, Redactor
from .rules import REDACTED

__all__ = ["CUT_MARGIN", "MAX_BYTES", "REDACTED", "Redactor"]
