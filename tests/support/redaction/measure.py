"""Counts which secrets come through a redactor, by kind and carrier, and which innocents are changed.

`python -m tests.support.redaction.measure` prints the table; `--held-out` counts the kinds that were split off before the
rules were written.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from . import carriers, innocents
from .kinds import ADDRESSES, KINDS, Kind

#: Secrets of each kind; each is put into every third carrier.
EACH = 21
_SEED = 20_261_129
Text = Callable[[str], str]
Attribute = Callable[[str, Any], Any]


@dataclass
class Found:
    """What has been counted.

    Attributes:
        tried: Secrets by (kind, carrier).
        missed: Those of them that came through, whole or in half.
        examples: One text for each cell with a miss.
    """

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)

    @property
    def recall(self) -> float:
        return 1 - self.missed.total() / self.tried.total()

    def worst(self, axis: int) -> list[tuple[float, str]]:
        """Recall by kind (0) or carrier (1), the lowest first."""
        tried: Counter[str] = Counter()
        missed: Counter[str] = Counter()
        for cell, count in self.tried.items():
            tried[cell[axis]] += count
            missed[cell[axis]] += self.missed[cell]
        return sorted((1 - missed[name] / tried[name], name) for name in tried)

    def cells(self) -> list[tuple[float, tuple[str, str]]]:
        """Recall of each cell with a miss, the lowest first."""
        return sorted((1 - self.missed[cell] / self.tried[cell], cell) for cell in self.missed)


def count_secrets(
    text: Text, attribute: Attribute, wanted: Callable[[Kind], bool] = lambda _: True, each: int = EACH
) -> Found:
    """Put secrets of every wanted kind into every carrier that takes them."""
    found = Found()
    random = Random(_SEED)
    for kind, carrier, value, dirty, is_attribute in _cases(random, wanted, each):
        found.values.add(value)
        clean = (
            json.dumps(
                {name: attribute(name, given) for name, given in dirty.items()},
                ensure_ascii=False,
                default=repr,
            )
            if is_attribute
            else text(dirty)
        )
        cell = (kind, carrier)
        found.tried[cell] += 1
        if leaks(value, clean):
            found.missed[cell] += 1
            found.examples.setdefault(cell, (str(dirty), clean))
    return found


def _cases(
    random: Random, wanted: Callable[[Kind], bool], each: int
) -> Iterator[tuple[str, str, str, Any, bool]]:
    for kind in KINDS:
        if not wanted(kind):
            continue
        for number in range(each):
            value = kind.make(random)
            name = kind.names[number % len(kind.names)]
            texts = (*carriers.NAMED, *carriers.DATABASES, *(carriers.BARE if kind.bare else ()))
            for carrier in texts[number % 3 :: 3]:
                if carrier.takes(value):
                    yield kind.name, carrier.name, value, carrier.write(name, value), False
            for place, write in carriers.ATTRIBUTES.items():
                yield kind.name, place, value, write(name, value), True
    for name, (address, make) in ADDRESSES.items():
        if not wanted(Kind(name, make, ())):
            continue
        for _ in range(each):
            value = make(random)
            url = address.replace("%s", value)
            for frame in (
                "@",
                "POST @ -> 404",
                "cannot reach @, retrying",
                '{"url": "@"}',
                "['@', 5]",
                "<@>",
            ):
                if '"' in value or "'" in value or "<" in value:
                    frame = frame if frame[0] in "@Pc" else "@"
                yield name, "address in a text", value, frame.replace("@", url, 1), False
            yield name, "attribute of an address", value, {"url.full": url}, True


def leaks(value: str, clean: str) -> bool:
    """Whether a secret is in a text, or as much of it as would help: twelve characters, or half of a short one."""
    if "-----BEGIN" in value:
        value = value.split("\n")[1]
    if "://" in value:
        return value in clean
    if " " in value or "\u3000" in value:
        words = value.split()
        return any(" ".join(words[at : at + 3]) in clean for at in range(len(words) - 2))
    size = min(12, max(4, len(value) // 2))
    return any(value[at : at + size] in clean for at in range(len(value) - size + 1))


def count_innocents(
    text: Text, attribute: Attribute, each: int = 40
) -> tuple[int, list[tuple[str, str, str]]]:
    """How many innocents were tried, and (kind, text, what became of it) of those that were changed."""
    random = Random(_SEED)
    tried = 0
    changed: list[tuple[str, str, str]] = []
    for kind, given in innocents.texts(random, each):
        tried += 1
        if (clean := text(given)) != given:
            changed.append((kind, given, clean))
    for name, value in innocents.attributes(random, each):
        tried += 1
        if (kept := attribute(name, value)) != value:
            changed.append((name, str(value), str(kept)))
    return tried, changed


def main() -> None:
    """Print recall by kind and carrier, and the innocents that were changed."""
    from botobs._sdk.redaction import Redactor

    redactor = Redactor()
    held_out = "--held-out" in sys.argv
    found = count_secrets(redactor.text, redactor.attribute, lambda kind: kind.held_out == held_out)
    print(f"secrets {len(found.values)}, tried {found.tried.total()}, recall {found.recall:.4%}")
    for axis, title in enumerate(("kinds", "carriers")):
        print(f"\n{title}:")
        for recall, name in found.worst(axis):
            if recall < 1:
                print(f"  {recall:8.2%}  {name}")
    print("\ncells below 95 %:")
    for recall, cell in found.cells():
        if recall < 0.95:
            print(f"  {recall:7.1%}  {cell}\n      {found.examples[cell]!r:.300}")
    tried, changed = count_innocents(redactor.text, redactor.attribute)
    print(f"\ninnocents {tried}, changed {len(changed)} ({len(changed) / tried:.3%})")
    for line in dict.fromkeys((kind, given, clean) for kind, given, clean in changed):
        print("  ", line)


if __name__ == "__main__":
    main()
