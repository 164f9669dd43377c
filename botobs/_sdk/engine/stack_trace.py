"""The text of an exception with its traceback, of bounded length.

Where something has to go, it goes from the middle of the stack: the last lines say what failed. A message is only cut
at its end, so that what announces a secret is never cut from the secret before both are redacted.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ..plain import NOTHING, class_name, field, found, let_pass, module_of, sequence, traceback_of
from ..texts import described, has_safe_message, head, text_of

#: Characters of a stack trace, less than the limit of an attribute: what is put in place of secrets may be longer.
_MOST = 8000
#: Characters of one frame or message in it.
_MOST_OF_PIECE = 3000
#: Exceptions that one may be caused by, be a group of, or both, to be written out as Python does.
_MOST_EXCEPTIONS = 100
#: Those that are written out of more, and frames of each.
_MOST_LINKS, _MOST_FRAMES = 15, 15

_BUILT_IN = frozenset((object, BaseException, Exception, BaseExceptionGroup, ExceptionGroup))
#: For these `traceback` looks for a name that was meant, in the objects of the service.
_SUGGESTING: tuple[type, ...] = (
    (AttributeError, NameError, ImportError) if sys.version_info >= (3, 12) else ()
)

# The descriptors themselves: a class may replace them by others that raise.
_cause = BaseException.__dict__["__cause__"].__get__
_context = BaseException.__dict__["__context__"].__get__
_suppressed = BaseException.__dict__["__suppress_context__"].__get__
_members = BaseExceptionGroup.__dict__["exceptions"].__get__


def stack_trace(exception: BaseException) -> str:
    """The exception with its traceback and causes, as Python prints it; less where that raises or is too long.

    Of a long chain of causes the latest are written, of a long stack the first and the last frames.
    """
    try:
        related = list(islice(_related(exception), _MOST_EXCEPTIONS + 1))
        if len(related) <= _MOST_EXCEPTIONS:
            shown = exception if all(map(_is_plain, related)) else _stand_in(exception, {})
            kind, trace = type(shown), traceback_of(shown)
            return _bounded(list(traceback.TracebackException(kind, shown, trace).format()))
    except BaseException as error:
        let_pass(error)
    try:
        return _bounded(_latest(exception))
    except Exception:
        return f"{class_name(type(exception))}\n"


def _related(exception: BaseException) -> Iterator[BaseException]:
    """The exception, what it was caused by, and the members of groups, as often as they would be written.

    Without end if exceptions are causes of each other.
    """
    waiting = [exception]
    while waiting:
        one = waiting.pop()
        yield one
        before = _before(one)
        if before is not None:
            waiting.append(before)
        if issubclass(type(one), BaseExceptionGroup):
            waiting.extend(_members(one)[: _MOST_EXCEPTIONS + 1])


def _is_plain(exception: BaseException) -> bool:
    """Whether `traceback` writes an exception without calling code of the service."""
    kind = type(exception)
    if type(kind) is not type or issubclass(kind, _SUGGESTING) or not has_safe_message(exception):
        return False
    hooks = ("__notes__", "__getattr__", "__cause__", "__context__", "__suppress_context__", "exceptions")
    is_of_class = any(found(kind, name)[0] not in _BUILT_IN for name in (*hooks, "__getattribute__"))
    return not is_of_class and all(type(note) is str for note in _notes(exception))


def _notes(exception: BaseException) -> list[Any]:
    notes = field(exception, "__notes__")
    return list(sequence(notes) or ()) if notes is not NOTHING else []


def _stand_in(exception: BaseException, made: dict[int, BaseException]) -> BaseException:
    """An exception that is written as another one, with texts that are known beforehand."""
    if id(exception) in made:
        return made[id(exception)]
    kind, message = type(exception), text_of(exception)
    is_group = issubclass(kind, BaseExceptionGroup)
    base: Any = BaseExceptionGroup if is_group else BaseException
    names = {
        "__module__": module_of(kind),
        "__qualname__": class_name(kind),
        "__str__": lambda _: message,
    }
    shown_as = type(class_name(kind), (base,), names)
    members = [_stand_in(member, made) for member in _members(exception)] if is_group else []
    shown: BaseException = shown_as(message, members) if is_group else shown_as()
    made[id(exception)] = shown
    shown.__traceback__ = traceback_of(exception)
    if (before := _before(exception)) is not None:
        link = "__cause__" if before is _cause(exception) else "__context__"
        setattr(shown, link, _stand_in(before, made))
    for note in _notes(exception)[:_MOST_LINKS]:
        shown.add_note(text_of(note))
    return shown


def _before(exception: BaseException) -> BaseException | None:
    cause: BaseException | None = _cause(exception)
    return cause if cause is not None or _suppressed(exception) else _context(exception)


def _latest(exception: BaseException) -> list[str]:
    """The last exceptions of a chain, with their last frames, and the members of groups in a line each."""
    links: list[BaseException] = []
    before: BaseException | None = exception
    while before is not None and id(before) not in map(id, links) and len(links) < _MOST_LINKS:
        links.append(before)
        before = _before(before)
    pieces = ["[earlier exceptions are left out]\n"] if before is not None else []
    for link in reversed(links):
        pieces.append("Traceback (most recent call last):\n")
        pieces += traceback.format_tb(traceback_of(link), -_MOST_FRAMES)
        pieces.append(f"{described(link)}\n")
        if issubclass(type(link), BaseExceptionGroup):
            members = _members(link)
            pieces += [f"  | {described(member)}\n" for member in members[:_MOST_LINKS]]
            if len(members) > _MOST_LINKS:
                pieces.append(f"  | and {len(members) - _MOST_LINKS} more\n")
    return pieces


def _bounded(pieces: Sequence[str]) -> str:
    """Frames and messages in `_MOST` characters: the first, and above all the last."""
    short = [f"{head(piece[:-1], _MOST_OF_PIECE)}\n" for piece in pieces]
    total = sum(map(len, short))
    if total <= _MOST:
        return "".join(short)
    first = _fitting(short, _MOST // 4)
    last = _fitting(short[first:][::-1], _MOST - _MOST // 4 - 100)
    left_out = sum(map(len, short[first : len(short) - last]))
    return "".join([*short[:first], f"[{left_out} characters cut]\n", *short[len(short) - last :]])


def _fitting(pieces: Sequence[str], most: int) -> int:
    """How many of the first pieces take at most `most` characters together."""
    for count, piece in enumerate(pieces):
        most -= len(piece)
        if most < 0:
            return count
    return len(pieces)
