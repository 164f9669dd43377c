"""Takes out the values beside names that promise a secret.

`name=value`, `name: value`, `"name": "value"`, `('name', 'value')`, `{"name": "x-api-key", "value": "…"}`,
`<name>value</name>`, `--name value`, `name is value`; escaped once or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .between import BETWEEN
from .names import CODES, FOLDER, PASSWORDS, SECRET, STEMS, promise
from .near import without_near
from .quoting import bracket, quoted, word
from .rules import REDACTED, RULES
from .values import (
    FEWEST_WORDS,
    LONGEST_GUESS,
    changes,
    is_code,
    is_dense,
    is_like_a_token,
    is_secret,
    looks_random_letters,
    may_be_the_password,
)

_NAME = re.compile(r"[\w.\-]*+")
# Where the part of a name begins in a mark: at its beginning, or within what stands before a quoted value, "dup key: ".
_STEM_WITHIN = dict.fromkeys(STEMS, 0) | {
    quote.marker: min(quote.marker.find(stem) for stem in STEMS if stem in quote.marker)
    for quote in RULES.quotes
    if any(stem in quote.marker for stem in STEMS)
}
_LONGEST_NAME = 128
#: Of an element.
_LONGEST_CONTENT = 8192
#: Values of one text that are looked for in the rest of it.
_MOST_VALUES = 8
# `\\n` as it is written for a line's end.
_WRITTEN_END = re.compile(r"(?<!\\)\\[nrt]\Z")
# `arn:aws:secretsmanager:eu-west-1:1:secret:prod/bot` is the name of a secret.
_ARN = re.compile(r"(?<!\w)arn:[A-Za-z0-9:/-]*\Z")
_LONGEST_ARN = 80
_LONGEST_WORD = 20
_WORD_BEFORE = re.compile(r"(?<![\w/-])([A-Za-z0-9]{2,19}) \Z")
# `"name": "` of a pair that names both its parts, the value first.
_NAMED = re.compile(r"name\\*+['\"]?\s?[:=]\s?\\*+['\"]\Z", re.IGNORECASE)
_VALUE_BEFORE = re.compile(
    r"value\\*+['\"]?\s?[:=]\s?\\*+['\"]([^'\"<>\\]{1,200})\\*+['\"]\s?,?\s?"
    r"(?:[\w-]{1,30}=['\"][^'\"<>]{0,100}['\"]\s){0,3}"
    r"\\*+['\"]?name\\*+['\"]?\s?[:=]\s?\\*+['\"]\Z",
    re.IGNORECASE,
)
_LONGEST_BEFORE, _LONGEST_OF_NAMED = 400, 16
# What stands in quotes is the name of another pair: `"grant_type": "client_credentials", "other": "…"`.
_IS_NAME = re.compile(r"\\{0,9}+['\"]\s?:")
# The next argument behind a name in quotes: `Field(name='…', type='str')`.
_IS_ARGUMENT = re.compile(r"\w{1,40}=['\"]")
# Items of a list in YAML that are no mappings.
_LINES = re.compile(r"- (?![\w-]{1,60}:\s)[^\n]++(?:\n[ \t]*+- [^\n]++)*+")
# `'first half ' 'second half'`, as Python breaks a long text; and what pytest shows of two texts that differ.
_NO_LETTER = re.compile(r"[^A-Za-z]")
# `2fa` may be digits.
_IN_HEX = re.compile(r"(?:0x)?[0-9a-f]+")
_ID_OF_KRAKEN = re.compile(r"[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6}")
_SHORTEST_DRAWN = 6
_SIGNS_IN_NAMES = re.compile(r"[-_.]")
_NO_SPACE = re.compile(r"[^\s'\"<>|]++")
# Ends a word, and may stand in a password as well.
_INSIDE = ("&", ")", "}", "]", ",", ";")
_NEXT_LITERAL = re.compile(r"['\"][ \t]*+\r?\n[ \t]*+(?=['\"])")
_DIFFERENCE = re.compile(r"['\"](?:\r?\n[E ]{0,9}[-+?] [^\n]*+)++")
# Behind a sign and a blank: the next pair, and nothing in front of it.
_NEXT_PAIR = re.compile(r"[A-Za-z_][\w.-]{1,60}=(?:['\"\w/]|(?=\s|\Z))")
# `"old" -> "new"`
_CHANGED = re.compile(r"(?<!\\)\\*+['\"] -> \\{0,9}+['\"]")
_REDACTED_VALUE = re.compile(r"[\\b'\"\[]{0,16}\[redacted\]")
# Letters may be followed by their accents, or be written as `\\u00e9`.
_WORDS = re.compile(r"[^\s\d,.:;=\"'(){}<>]{1,30}(?:[ ,\u3000]{1,2}[^\s,.:;=\"'(){}<>]++)++")
# With the parameters of a scheme: `Digest username="u", response="…"`.
_REST_OF_LINE = re.compile(r"(?:[^\n'\"\\=]++|=\"[^\"\n]*+\"|=)*+")
_PLAIN_LINE = re.compile(r"[a-z]{0,14}(?: [a-z]{1,14})*+[.,;]?")
_PHRASES = ("mnemonic", "phrase", "seed", "words")
_HEADERS = ("authorization", "x-auth", "x-authentication", "proxy-authorization")
# A list or a tuple of texts.
_ITEMS = re.compile(r"[\[(]\s*+(?:b?['\"][^'\"\\\n]*+(?:['\"][\s,]*+|\Z))++[\])]?")
# A user and a password, as requests and aiohttp take them.
_LOGIN = re.compile(r"\(\s*+['\"][^'\"\\\n]{0,100}['\"]\s*+,\s*+['\"]([^'\"\\\n]{1,200})['\"]\s*+\)")
# A place for a value in a template, and what a schema of JSON says of one.
_DESCRIBED = re.compile(
    r"\{\{\s{0,9}[\w.|() -]{1,80}\}\}"
    r"|\{\s?\"type\"\s?:\s?\"(?:string|integer|number|boolean|array|object|null|apiKey|http|oauth2|openIdConnect)\""
    r"(?:\s?,\s?\"(?:format|minLength|maxLength|minimum|maximum|nullable|in|name|scheme|bearerFormat|title)\"\s?:\s?"
    r"(?:\"[A-Za-z _-]{0,40}\"|\d{1,9}|true|false|null)){0,12}\s?\}"
)
_FOLDER_IN_BRACKETS = re.compile(r"[\[({][)\]} ]*+/")
_SIGNATURES = ("sig", "sign", "signature", "signatures")
_ITEM = re.compile(r"(['\"])([^'\"\n]++)(?=['\"]|\Z)")


def without_pairs(text: str, marks: Iterable[tuple[int, str]]) -> str:
    """`text` without the values of names that promise a secret.

    Args:
        marks: Where parts of such names are, as `marks.found_in` finds them.
    """
    kept: list[str] = []
    values: list[str] = []
    done = last = 0
    # Names without a value beside them, and how far what is in front of them has been moved.
    alone: list[tuple[int, int, str]] = []
    moved = 0
    for position, mark in marks:
        within = _STEM_WITHIN.get(mark)
        if within is None or position + within < last:
            continue
        start, end = _around(text, position + within)
        promised = _promise(text, start, end)
        if not promised:
            continue
        last = end
        if start < done:
            continue
        found = _value(text, start, end, promised) or _value_before(text, done, start, promised)
        if found is None or found[0] < done:
            alone.append((start + moved, end + moved, promised))
            continue
        # A value in front of its name may hold names that nothing is beside.
        while alone and alone[-1][1] > found[0] + moved:
            alone.pop()
        kept += (text[done : found[0]], found[2])
        done = found[1]
        moved += len(found[2]) - (done - found[0])
        if found[2] == REDACTED and len(values) < _MOST_VALUES and is_like_a_token(text[found[0] : done]):
            values.append(text[found[0] : done])
    text = "".join((*kept, text[done:])) if kept else text
    if alone:
        text, near = without_near(text, alone)
        values += near[: _MOST_VALUES - len(values)]
    for value in values:
        text = text.replace(value, REDACTED)
    return text


def _promise(text: str, start: int, end: int) -> str:
    """What a name promises, with the word in front where it is one of two: `api key`, `cache key`."""
    name = text[start:end]
    if text.startswith(":", start - 1) and _ARN.search(text, max(0, start - _LONGEST_ARN), start):
        return ""
    if name.lower() in RULES.qualified:
        before = _WORD_BEFORE.search(text[max(0, start - _LONGEST_WORD) : start])
        if before is not None:
            return promise(f"{before[1]}_{name}")
    promised = promise(name)
    return "" if promised and len(name) >= _SHORTEST_DRAWN and _holds_by_chance(name) else promised


def _holds_by_chance(name: str) -> bool:
    """Whether what holds such a word is no name but drawn at random: a part of base64, an address, an id of Kraken."""
    if looks_random_letters(_NO_LETTER.sub("", name)) or _IN_HEX.fullmatch(name):
        return True
    return len(name) >= _LONGEST_OF_NAMED and (
        _ID_OF_KRAKEN.fullmatch(name) is not None
        or any(
            len(piece) >= _LONGEST_OF_NAMED and changes(piece) >= max(4, len(piece) // 5)
            for piece in _SIGNS_IN_NAMES.split(name)
        )
    )


def _around(text: str, position: int) -> tuple[int, int]:
    """Beginning and end of the name around a position."""
    before = text[max(0, position - _LONGEST_NAME) : position][::-1]
    start = position - _NAME.match(before).end()  # type: ignore[union-attr]
    if (
        0 < start < position
        and text[start - 1] == "\\"
        and _WRITTEN_END.search(text, max(0, start - 2), start + 1)
    ):
        start += 1
    return start, _NAME.match(text, position, position + _LONGEST_NAME).end()  # type: ignore[union-attr]


def _value_before(text: str, done: int, start: int, promised: str) -> tuple[int, int, str] | None:
    """The value that stands before its name: `value="…" name="…"`."""
    least = max(done, start - _LONGEST_BEFORE)
    if not _NAMED.search(text, max(least, start - _LONGEST_OF_NAMED), start):
        return None
    before = _VALUE_BEFORE.search(text, least, start)
    return (*before.span(1), REDACTED) if before is not None and is_secret(promised, before[1]) else None


def _value(text: str, begin: int, end: int, promised: str) -> tuple[int, int, str] | None:
    """Beginning and end of the value behind the name from `begin` to `end`, and what comes in its place."""
    name = text[begin:end]
    between = BETWEEN.match(text, end)
    if between is None and text.startswith(", ", end) and text.startswith("[", begin - 1) and begin:
        # As C# writes an item of a mapping: `[Name, value]`.
        return _spoken(text, begin, end, end + 2, promised)
    if between is None or _REDACTED_VALUE.match(text, between.end()):
        return None
    start = between.end()
    if between["spoken"]:
        argument = quoted(text, start) if text[start - 1] == "(" and promised != SECRET else None
        if argument is not None:
            # `from_key('…')`
            return _decided(text, *argument, promised)
        return _spoken(text, begin, end, start, promised)
    inside = quoted(text, start)
    if inside is not None:
        if "," in between[0] and _IS_NAME.match(text, inside[1]):
            return None
        changed = _CHANGED.match(text, inside[1])
        if changed is not None and promised in PASSWORDS:
            inside = quoted(text, changed.end() - 1) or inside
            return start + 1, inside[1], REDACTED
        return _decided(text, inside[0], _end_of_literals(text, between[0], inside[1], promised), promised)
    if text.startswith(("[", "(", "{"), start):
        return _list(text, start, promised)
    if "=" in between[0] and _is_empty(text, between[0], start):
        return None
    if text.startswith("> ", start) and "\n" in between[0]:
        # The next line of a mail.
        start += 2
    if text.startswith("- ", start) and "\n" in between[0]:
        lines = _LINES.match(text, start) if promised == SECRET else None
        return (start + 2, lines.end(), REDACTED) if lines is not None else None
    if name.lower().startswith(_HEADERS):
        stop = _REST_OF_LINE.match(text, start).end()  # type: ignore[union-attr]
        return None if _PLAIN_LINE.fullmatch(text, start, stop) else (start, stop, REDACTED)
    if any(word in name.lower() for word in _PHRASES):
        words = _WORDS.match(text, start)
        if words is not None and len(words[0].split()) >= (3 if promised == SECRET else FEWEST_WORDS):
            return start, words.end(), REDACTED
    if "," in between[0] and _IS_ARGUMENT.match(text, start):
        return None
    if between[0][-1] == ">" and between[0][-2:-1] not in ("=", "-"):
        # What an element holds ends with it, whatever signs are in it.
        stop = text.find("<", start, start + _LONGEST_CONTENT)
        if stop >= 0 and text.startswith("</", stop):
            return _decided(text, start, stop, promised)
    if promised != SECRET and not _decided(text, start, word(text, start, start + LONGEST_GUESS), promised):
        return _remarked(text, name, start, promised)
    stop = word(text, start)
    whole = _NO_SPACE.match(text, start, start + LONGEST_GUESS) if text[stop : stop + 1] in _INSIDE else None
    if whole is not None and is_dense(whole[0]):
        stop = whole.end()
    found = _decided(text, start, stop, promised) if any(map(str.isalnum, text[start:stop])) else None
    return found or _remarked(text, name, start, promised)


def _end_of_literals(text: str, between: str, end: int, promised: str) -> int:
    """The end of a value in quotes that goes on in the next line, or of what it is compared with."""
    most = len(text) if promised == SECRET else min(len(text), end + LONGEST_GUESS)
    difference = _DIFFERENCE.match(text, end, most) if "==" in between else None
    if difference is not None:
        return difference.end()
    while (following := _NEXT_LITERAL.match(text, end, most)) is not None:
        inside = quoted(text, following.end())
        if inside is None or _IS_NAME.match(text, inside[1]):
            break
        end = inside[1]
    return end


def _is_empty(text: str, between: str, start: int) -> bool:
    """Whether `name=` has no value: the line ends behind it, or the next pair comes."""
    if not between.startswith("=") or not between[-1:].isspace():
        return False
    following = _NEXT_PAIR.match(text, start)
    # Base64 has four characters and again four.
    return "\n" in between or (
        following is not None and (following[0][-1] != "=" or len(following[0]) % 4 != 0)
    )


def _decided(text: str, start: int, stop: int, promised: str) -> tuple[int, int, str] | None:
    """A value if it is a secret."""
    most = stop if promised == SECRET else min(stop, start + LONGEST_GUESS)
    return (start, stop, REDACTED) if is_secret(promised, text[start:most]) else None


def _list(text: str, start: int, promised: str) -> tuple[int, int, str] | None:
    """A list, a tuple or a mapping: of a name that is not clear, its items decide."""
    if promised == FOLDER and _FOLDER_IN_BRACKETS.match(text, start):
        return None
    if _DESCRIBED.match(text, start):
        return None
    if promised in (SECRET, FOLDER):
        end = bracket(text, start)
        closing = text[end - 1] if text[end - 1] in ")]}" else ""
        inside = text[start + 1 : end].strip(")]} ").lower()
        # `str[]` is no value, and neither is `(none)`.
        is_value = inside and inside not in RULES.no_values
        return (start, end, text[start] + REDACTED + closing) if is_value else None
    login = _LOGIN.match(text, start) if promised == "auth" else None
    if login is not None:
        return (*login.span(1), REDACTED) if is_secret(SECRET, login[1]) else None
    if promised in _SIGNATURES and text[start] == "{":
        # Of an elliptic curve: `{"r": "0x…", "s": "0x…", "v": 27}`.
        end = bracket(text, start)
        return start, end, _without_items(text[start:end], promised)
    items = _ITEMS.match(text, start, start + LONGEST_GUESS)
    if items is None or _without_items(items[0], promised) == items[0]:
        return None
    items = _ITEMS.match(text, start) or items
    return start, items.end(), _without_items(items[0], promised)


def _without_items(text: str, promised: str) -> str:
    return _ITEM.sub(lambda item: item[1] + (REDACTED if is_secret(promised, item[2]) else item[2]), text)


# What errors say of a secret before they quote it: `--api-secret: invalid int value: '…'`.
# A program or a language that sets a variable: `setx NAME value`.
_SETTING = re.compile(r"(?<!\w)(?:setx|setenv|ENV|set -[xgU]{1,2}) ?\Z")
_REMARK = re.compile(
    r"(?:(?:[A-Za-z-]{1,16} ){0,5}[A-Za-z-]{1,16}: (?:expected |got )?|expected |got )['\"(`]?([^\s'\"|`]++)"
)
_SPOKEN = re.compile(
    r"(?:(?:for|of) [^\s'\"]{1,40} )?"
    r"(?:(?:is|was|of|(?:(?:set|changed|updated|equal) )?to|TO|has value|est|ist|lautet|es|->):? )?"
    rf"['\"(]?([^\s'\"|]{{1,{LONGEST_GUESS}}}+)"
)
_PROSE = re.compile(r"[a-z]{1,14} [a-z]{1,14}[ .,\n]")
_REST_OF_SPOKEN = re.compile(r"[^\s'\"|]*+")


def _spoken(text: str, begin: int, end: int, start: int, promised: str) -> tuple[int, int, str] | None:
    """`password is hunter2`, `--password hunter2`: beside words, only what has a digit and a letter is a value."""
    spoken = _SPOKEN.match(text, start)
    if spoken is None:
        return None
    name = text[begin:end]
    is_option = name[:1] == "-" or _SETTING.search(text, max(0, begin - 10), begin) is not None
    value = spoken[1].rstrip(".,;:)]?")
    if is_option and _is_usage(text, name, end, spoken.start(1), value):
        return None
    if (
        not is_option
        and (promised not in (*PASSWORDS, "passe") or len(value) < 6 or not may_be_the_password(name, value))
        and not (promised in CODES and is_secret(promised, value))
    ):
        return _remarked(text, name, start, promised)
    stop = spoken.start(1) + len(value)
    if len(spoken[1]) == LONGEST_GUESS:
        stop = _REST_OF_SPOKEN.match(text, spoken.end()).end()  # type: ignore[union-attr]
    return (spoken.start(1), stop, REDACTED) if is_secret(promised, value) else None


def _is_usage(text: str, name: str, end: int, start: int, value: str) -> bool:
    """Whether a usage text says what an option takes, or is for: `--api-key KEY     key of the exchange`."""
    if value.isalpha() and value.isupper():
        return value.lower() in _SIGNS_IN_NAMES.split(name.lower())
    return start - end > 1 and _PROSE.match(text, start) is not None


def _remarked(text: str, name: str, start: int, promised: str) -> tuple[int, int, str] | None:
    """What looks like a password, or is a code, behind words and a colon."""
    is_one = promised in (*PASSWORDS, *CODES)
    remark = _REMARK.match(text, start, start + LONGEST_GUESS) if is_one else None
    if remark is None:
        return None
    value = remark[1].rstrip(".,;:)]?")
    is_password = promised in PASSWORDS and len(value) >= 6 and may_be_the_password(name, value)
    if not is_password and not is_code(promised, value):
        return None
    return remark.start(1), remark.start(1) + len(value), REDACTED
