"""Every regular expression of the repository, and texts that are meant to make one slow."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import botobs
from tests.support import configs

ROOT = Path(botobs.__file__).parent
#: Texts tried of one pattern at most: the token patterns of SQL have a hundred parts.
_SHAPES = 40
_CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
#: What is no constant, and where its patterns are instead.
ELSEWHERE = {
    "_sdk/redaction/_dialects.py: tokens": "texts of the module",
    "_sdk/redaction/rules.py: pattern": "of rules.toml; tried through `clean`",
    "_sdk/redaction/redactor.py: __init__": "a user's own, of which nothing is known",
    "_sdk/settings/_parse.py: patterns": "a user's own, only compiled",
    "_sdk/orders/client_ids.py: _pattern": "of names of fields; every repeat is bounded",
    "_ops/settings/kinds.py: read": "the words that a setting may have",
    "_ops/settings/kinds.py: _pattern": "an operator's own, only compiled",
    "_ops/settings/sign_in.py: read": "one word, or words with single blanks between them, of 200 characters at most",
    "_ops/settings/sign_in.py: _scopes": "one word",
    "_ops/home/private.py: refuse_foreign": "constants, at the beginning of a file",
    "_ops/components/cluster/rules.py: groups": "the keys of _OF_PROMETHEUS",
    "_ops/settings/channels.py: _matcher": "an operator's own, only compiled",
    "_ops/settings/routing.py: _one_holds": "an operator's own, on an alert's labels; Alertmanager matches it too",
    "_ops/alerting/runbooks.py: _line": "two words of ours, at the beginning of a line",
    "_ops/custom/check.py: _alertmanager": "the name of a file, and digits",
}


def modules() -> list[Path]:
    """The modules of botobs that use `re`."""
    return [
        file
        for file in sorted(ROOT.rglob("*.py"))
        if re.search(r"^import re$", file.read_text("utf-8"), re.M)
    ]


def of_module(file: Path) -> dict[str, re.Pattern[str]]:
    """The patterns of a module: its attributes by name, others by line."""
    module = importlib.import_module(
        ".".join(("botobs", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    )
    found: dict[str, re.Pattern[str]] = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
    }
    for _, call in _calls(file):
        if isinstance(call.args[0], ast.Constant):
            pattern = re.compile(str(call.args[0].value))
            if pattern not in found.values():
                found[f"line {call.lineno}"] = pattern
    # These are put together to one, and those of SQL's dialects are compiled when they are needed.
    texts = {each: each for each in getattr(module, "_OF_PROMETHEUS", ())} | {
        name: value for name, value in vars(module).items() if isinstance(value, str) and "(?P<word>" in value
    }
    return found | {name: re.compile(text) for name, text in texts.items()}


def not_constant() -> set[str]:
    """The functions that make a pattern of something that is no constant."""
    return {
        f"{file.relative_to(ROOT)}: {function}"
        for file in modules()
        for function, call in _calls(file)
        if function and not isinstance(call.args[0], ast.Constant)
    }


def of_the_collector() -> dict[str, str]:
    """The patterns of the collector's configurations, as Go reads them."""
    found: dict[str, str] = {}
    for file in sorted((ROOT.parent / "collector").glob("*.yaml")):
        for path, text in _strings(configs.load(f"collector/{file.name}"), ""):
            text = text.replace("$$", "$")
            if re.search(r"patterns|blocked_values|devices|fs_types|mount_points|interfaces", path):
                found[f"{file.name}{path} {text}"] = text
            # In OTTL a pattern is a string in double quotes, with the escapes of Go.
            for quoted in re.findall(
                r'(?:IsMatch|replace_pattern|delete_matching_keys)\([^"]*?,\s*"((?:[^"\\]|\\.)*)"', text
            ):
                found[f"{file.name}{path} {quoted}"] = quoted.replace("\\\\", "\\").replace('\\"', '"')
    return found


def _calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Calls of the module `re`, each with the function that it is in."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CALLS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
        ):
            yield function, node
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    return visit(ast.parse(file.read_text(encoding="utf-8")), "")


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{path}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, path)
    elif isinstance(value, str):
        yield path, value


def adversarial(pattern: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """(beginning, what is repeated, end) of texts that nearly match, made of the pattern's own parts."""
    parts = list(_parts(sre.parse(pattern.pattern, pattern.flags & ~re.UNICODE)))
    beginnings = ["".join(parts[:end]) for end in range(len(parts) + 1)]
    units = dict.fromkeys([*beginnings[1:], *parts, *(part + " " for part in beginnings[1:])])
    found = {("", unit, ""): None for unit in units if unit}
    for number, part in enumerate(parts):
        found[beginnings[number], part, "\0"] = None
        found["", part, "\0"] = None
        for other in dict.fromkeys(parts):
            if len(parts) <= 4 and other != part:
                found["", part + other, "\0"] = None
    return [key for key in found if key[1]][:_SHAPES]


def _parts(parsed: Any) -> Iterator[str]:
    """A text for each element, repeated ones a few times; of branches all, one after another."""
    for code, argument in parsed:
        name = str(code)
        if name == "LITERAL":
            yield chr(argument)
        elif name in ("NOT_LITERAL", "IN", "ANY"):
            yield _member(name, argument)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, _, item = argument
            yield "".join(_parts(item)) * max(1, min(least, 64))
        elif name == "SUBPATTERN":
            yield from _parts(argument[-1])
        elif name == "ATOMIC_GROUP":
            yield from _parts(argument)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _joined(branch)
        elif name == "ASSERT" and argument[0] > 0:
            yield from _parts(argument[1])


def _joined(parsed: Any) -> Iterator[str]:
    """Literals of a branch as one word."""
    text = "".join(_parts(parsed))
    if text:
        yield text


def _member(name: str, argument: Any) -> str:
    """A character of a class."""
    wanted = re.compile(_class(name, argument), re.DOTALL)
    return next((each for each in "a0A -_.=:/\n\"'[(~é\0" if wanted.fullmatch(each)), "a")


def _class(name: str, argument: Any) -> str:
    if name == "ANY":
        return "."
    if name == "NOT_LITERAL":
        return f"[^{re.escape(chr(argument))}]"
    categories = {
        "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s",
        "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
    }  # fmt: skip
    text = ""
    for code, value in argument:
        if str(code) == "NEGATE":
            text = "^" + text
        elif str(code) == "LITERAL":
            text += re.escape(chr(value))
        elif str(code) == "RANGE":
            text += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            text += categories[str(value)]
    return f"[{text}]"


def text_of(shape: tuple[str, str, str], size: int) -> str:
    """A text of about `size` characters."""
    beginning, unit, end = shape
    return beginning + unit * (size // len(unit)) + end


def seconds(function: Callable[[str], object], text: str, runs: int = 1) -> float:
    """CPU time of this process for one call: the least of several."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        function(text)
        best = min(best, time.process_time() - start)
    return best
