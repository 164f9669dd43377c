"""Finds regular expressions that can take time without end on a short text.

Python's `re` tries every way in which a repeat can be divided among the repeats in it: `(a+)+$` takes twice as long for
each further `a`. A peer who shapes the text would stop the process, since `re` lets no other thread run meanwhile. So a
repeat is not allowed in a repeat where the two can share the same characters differently, nor are alternatives that can
begin with the same character. That is a little stricter than needed, and simple to explain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

# The parser has no public name (`sre_parse` is deprecated); it is reached here alone.
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

#: Characters that stand for all: those of Latin-1, and one of each further kind.
_ALPHABET = frozenset(chr(number) for number in range(256)) | frozenset("Ωж中\u2028")
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    kinds.CATEGORY_DIGIT: str.isdecimal,
    kinds.CATEGORY_NOT_DIGIT: lambda each: not each.isdecimal(),
    kinds.CATEGORY_SPACE: str.isspace,
    kinds.CATEGORY_NOT_SPACE: lambda each: not each.isspace(),
    kinds.CATEGORY_WORD: lambda each: each.isalnum() or each == "_",
    kinds.CATEGORY_NOT_WORD: lambda each: not (each.isalnum() or each == "_"),
}
_REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT)
#: A repeat of at most this often does not count as one: `(\d{1,3}\.){3}`.
_FEW = 4


def has_no_end(pattern: str) -> bool:
    """Whether `pattern` can take time without end.

    Raises:
        re.error: It is no regular expression.
    """
    return any(_is_ambiguous(body) for body in _repeated(parser.parse(pattern)))


def _repeated(tree: Iterable[Any]) -> Iterator[list[Any]]:
    """The bodies of all repeats, at any depth."""
    for kind, value in tree:
        for inner in _inside(kind, value):
            yield from _repeated(inner)
        if kind in _REPEATS and value[1] > _FEW:
            yield list(value[2])


def _inside(kind: Any, value: Any) -> list[Any]:
    if kind in _REPEATS or kind is kinds.POSSESSIVE_REPEAT:
        return [value[2]]
    if kind is kinds.SUBPATTERN:
        return [value[3]]
    if kind is kinds.BRANCH:
        return list(value[1])
    if kind in (kinds.ASSERT, kinds.ASSERT_NOT):
        return [value[1]]
    if kind is kinds.ATOMIC_GROUP:
        return [value]
    if kind is kinds.GROUPREF_EXISTS:
        return [part for part in value[1:] if part is not None]
    return []


def _is_ambiguous(body: list[Any]) -> bool:
    """Whether a text of several repeats of `body` can be divided among them in more than one way."""
    steps = _flat(body)
    for index, (kind, value) in enumerate(steps):
        if kind is kinds.BRANCH:
            branches = [_flat(branch) for branch in value[1]]
            firsts = [_characters(branch[:1]) for branch in branches]
            if sum(not any(map(_is_needed, branch)) for branch in branches) > 1:
                return True
            if any(one & other for number, one in enumerate(firsts) for other in firsts[:number]):
                return True
        if kind in _REPEATS and value[0] != value[1]:
            own = _characters(value[2])
            others = steps[:index] + steps[index + 1 :]
            # Something in between that the repeat itself cannot take keeps two turns apart.
            if not any(_is_needed(other) and not own & _characters([other]) for other in others):
                return True
    return False


def _flat(body: Iterable[Any]) -> list[Any]:
    """The steps of a sequence, those of its groups among them."""
    steps: list[Any] = []
    for kind, value in body:
        steps += _flat(value[3]) if kind is kinds.SUBPATTERN else [(kind, value)]
    return steps


def _is_needed(step: Any) -> bool:
    kind, value = step
    if kind in _REPEATS or kind is kinds.POSSESSIVE_REPEAT:
        return bool(value[0] > 0)
    return kind in (kinds.LITERAL, kinds.NOT_LITERAL, kinds.IN, kinds.ANY)


def _characters(tree: Iterable[Any]) -> frozenset[str]:
    """All characters that occur in what a tree matches."""
    found: frozenset[str] = frozenset()
    for kind, value in tree:
        if kind is kinds.LITERAL:
            found |= _literal(value)
        elif kind is kinds.NOT_LITERAL:
            found |= _ALPHABET - {chr(value)}
        elif kind is kinds.IN:
            found |= _of_class(value)
        elif kind in (kinds.ANY, kinds.GROUPREF, kinds.GROUPREF_EXISTS):
            found |= _ALPHABET
        else:
            for inner in _inside(kind, value):
                found |= _characters(inner)
    return found


def _literal(number: int) -> frozenset[str]:
    # In both cases: the pattern, or a part of it, may ignore them.
    return frozenset((chr(number).lower(), chr(number).upper()))


def _of_class(items: list[Any]) -> frozenset[str]:
    found: set[str] = set()
    negated = False
    for kind, value in items:
        if kind is kinds.NEGATE:
            negated = True
        elif kind is kinds.LITERAL:
            found |= {chr(value)} if negated else _literal(value)
        elif kind is kinds.RANGE:
            found |= {each for each in _ALPHABET if value[0] <= ord(each) <= value[1]}
        elif kind is kinds.CATEGORY:
            found |= set(filter(_CATEGORIES[value], _ALPHABET))
    return _ALPHABET - found if negated else frozenset(found)
