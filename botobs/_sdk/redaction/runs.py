"""Takes out keys and tokens that stand without a name: long runs of letters, digits and the signs of base64."""

from __future__ import annotations

import re
from functools import partial

from .addresses import clean_path, without_scheme
from .bare import BEGINS_OF_FILES, begins_as_file, formatted, is_bare_secret, is_named_id, named_before
from .rules import REDACTED
from .values import looks_random

_RUN = re.compile(r"[A-Za-z0-9+/_.~:-]{16,}+={0,2}")
_DIGIT = re.compile(r"\d")
# An output of a transaction of Bitcoin.
_OUTPUT = re.compile(r"[0-9a-f]{64}:\d{1,4}")
_STOPS = re.compile(r"([.:])")
#: Characters in front of a run in which the word is looked for that says what it is.
_BEFORE = 40


def without_runs(text: str, name: str = "") -> str:
    """`text` without keys and tokens.

    Args:
        name: Of the attribute whose value the text is.
    """
    return _RUN.sub(partial(_without_run, name), text)


def _without_run(name: str, match: re.Match[str]) -> str:
    run = match[0]
    if run.islower() and not _DIGIT.search(run):
        return run
    if (
        (run[:3] in BEGINS_OF_FILES and begins_as_file(run)) or (run[64:65] == ":" and _OUTPUT.fullmatch(run))
    ) and not named_before(match.string[max(0, match.start() - _BEFORE) : match.start()] or name):
        return run
    if run[0] == "/":
        # Base64 may begin with it too, and stand at the end of a sentence.
        bare = run.rstrip(".:")
        before = match.string[max(0, match.start() - _BEFORE) : match.start()] or name
        if "." not in bare and len(bare) > 1 and is_bare_secret(bare[1:], before):
            return REDACTED + run[len(bare) :]
        if "/" not in run[1:] and is_named_id(before):
            return run
        return clean_path(run, "")
    found = formatted(run)
    if found is not None:
        return REDACTED + run[found.end() :]
    if "://" in run:
        # Addresses have been cleaned.
        return run
    if (address := without_scheme(run)) is not None:
        return address
    kept = []
    position = match.start()
    for part in _STOPS.split(run):
        if len(part) >= 16:
            known = formatted(part)
            if known is not None:
                kept.append(REDACTED + part[known.end() :])
            else:
                before = match.string[max(0, position - _BEFORE) : position] or name
                kept.append(REDACTED if is_bare_secret(part, before) else part)
        else:
            kept.append(part)
        position += len(part)
    if REDACTED in kept and "." in kept:
        # Tokens of several parts: those beside one that is drawn at random.
        kept = [REDACTED if len(part) >= 20 and looks_random(part) else part for part in kept]
    return "".join(kept)
