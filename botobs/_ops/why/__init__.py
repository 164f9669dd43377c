"""Why an alert fires, a bot stands still or an order went wrong: what explains it, and what speaks for that.

`read` asks Prometheus and Tempo, `causes` is what can follow from what, `guess` ranks the explanations.
"""

from __future__ import annotations

from .alerts import Alert
from .answer import Answer, Explanation, times
from .read import active, explain
from .subject import Subject

__all__ = ["Alert", "Answer", "Explanation", "Subject", "active", "explain", "times"]
