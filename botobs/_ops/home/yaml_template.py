"""Fills variables into a YAML template, each value as a text that the program behind the file reads unchanged.

A template is YAML itself. Its scalars are found by a YAML parser, a value is escaped for what reads the scalar (`$` of
the collector, string literals of OTTL and PromQL, Go templates), and the scalar is written again in a style that can
hold it. Everything else, comments among it, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import yaml

from ..errors import StackError
from . import quoting

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Stands for a variable while the template is parsed: a word that every place of a YAML file takes.
_MARK = re.compile(r"xBOTOBSx([0-9]+)x")
_ANCHOR = re.compile(r"(?<!\S)&\S++\s++")
#: Fields of alertmanager.yml that are Go templates.
_GO_TEMPLATES = {"to", "smtp_from", "channel"}
#: Fields that are patterns of file names (doublestar, as the collector's `filestats` has it).
_GLOBS = {"include"}
#: Fields of prometheus.yml in which `$` begins a reference: to the environment, and to a group.
_DOLLAR_FIELDS = {"external_labels", "replacement"}


@dataclass(frozen=True)
class _Place:
    """Where a value lands.

    Attributes:
        program: Folder of the template, which is named after the program that reads it.
        file: Name of the template.
        keys: Keys of the mappings around the scalar, the outermost first.
        before: Text of the scalar before the value.
    """

    program: str
    file: str
    keys: tuple[str, ...]
    before: str

    @property
    def in_string(self) -> bool:
        """Whether it is inside a string literal of a language in the scalar, such as OTTL."""
        return len(re.findall(r'(?<!\\)"', self.before)) % 2 == 1

    @property
    def in_reference(self) -> bool:
        """Whether it is inside `${file:...}` or `$__file{...}`, which take the name of a file as it is."""
        return re.search(r"\$(__file)?\{[^}]*$", self.before) is not None

    def escaped(self, text: str) -> str:
        """`text` as the program reads it after YAML.

        Raises:
            StackError: The program has no way to write it.
        """
        # A secret is best given as the name of a file that Grafana reads it from.
        if self.program == "grafana" and re.fullmatch(r"\$__file\{[^{}]+\}", text):
            return text
        if self.in_reference:
            if "}" in text or "$" in text:
                raise StackError(
                    f"{text!r} cannot be the name of a file for {self.program}, which reads $ and braces otherwise",
                    "Name another home with --home or BOTOBS_HOME.",
                )
            return text
        if self.in_string:
            text = quoting.in_double_quotes(text)
        if self.keys and self.keys[-1] in _GLOBS:
            text = re.sub(r"([*?\[\]{}\\])", r"\\\1", text)
        if self.program == "alertmanager" and self.keys and self.keys[-1] in _GO_TEMPLATES:
            text = quoting.go_template(text)
        return text.replace("$", self._dollar)

    @property
    def _dollar(self) -> str:
        if self.program in ("collector", "grafana"):
            return "$$"
        if self.program == "prometheus" and _DOLLAR_FIELDS & set(self.keys):
            return "$$"
        # Mimir and Tempo of a cluster read their environment, where DOLLAR is one.
        if self.program in ("mimir", "tempo") and self.file == "cluster.yaml":
            return "${DOLLAR}"
        return "$"


def fill(text: str, variable: re.Pattern[str], value_of: Callable[[re.Match[str]], str], where: str) -> str:
    """`text` with every variable replaced by its value.

    Args:
        text: A template, YAML or JSON.
        variable: Finds a variable, with its default as the second group.
        value_of: The value of one that was found.
        where: Path of the template.

    Raises:
        StackError: A value has no place there.
    """
    found = list(variable.finditer(text))
    if not found:
        return text
    values = [value_of(each) for each in found]
    defaults = [each[2] or "" for each in found]
    numbers = iter(range(len(found)))
    marked = variable.sub(lambda _: f"xBOTOBSx{next(numbers)}x", text)
    path = PurePath(where)
    program = path.parts[-2] if len(path.parts) > 1 else ""
    for each in reversed(path.parts[:-1]):
        if each in ("collector", "prometheus", "tempo", "mimir", "alertmanager", "grafana"):
            program = each
            break
    pieces, end = [], 0
    for node, keys in sorted(_scalars(marked), key=lambda pair: pair[0].start_mark.index):
        source = marked[node.start_mark.index : node.end_mark.index]
        if _MARK.search(source):
            pieces += [
                marked[end : node.start_mark.index],
                _written(node, source, keys, values, defaults, (program, path.name)),
            ]
            end = node.end_mark.index
    pieces.append(marked[end:])
    # What is left is in comments.
    return _MARK.sub(lambda mark: found[int(mark[1])][0], "".join(pieces))


def _scalars(text: str) -> Iterator[tuple[yaml.ScalarNode, tuple[str, ...]]]:
    """Every scalar with the keys above it; one with several aliases once."""
    seen: set[int] = set()

    def walk(node: yaml.Node, keys: tuple[str, ...]) -> Iterator[tuple[yaml.ScalarNode, tuple[str, ...]]]:
        if node.start_mark.index in seen and isinstance(node, yaml.ScalarNode):
            return
        seen.add(node.start_mark.index)
        if isinstance(node, yaml.ScalarNode):
            yield node, keys
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield from walk(key, keys)
                yield from walk(value, (*keys, str(key.value)))
        else:
            for item in node.value:
                yield from walk(item, keys)

    for document in yaml.compose_all(text, _LOADER):
        if document is not None:
            yield from walk(document, ())


def _written(
    node: yaml.ScalarNode,
    source: str,
    keys: tuple[str, ...],
    values: list[str],
    defaults: list[str],
    where: tuple[str, str],
) -> str:
    """The scalar with its values, in its own style where that can hold them."""
    # libyaml counts an anchor to the scalar, and calls the plain style ''.
    anchor = _ANCHOR.match(source)
    before = anchor[0] if anchor else ""
    whole = _MARK.fullmatch(node.value)
    if whole and not node.style and defaults[int(whole[1])].startswith("["):
        return before + _flow_sequence(values[int(whole[1])], where)
    escaped = {
        mark[1]: _Place(*where, keys, node.value[: mark.start()]).escaped(values[int(mark[1])])
        for mark in _MARK.finditer(node.value)
    }

    def put(text: str) -> str:
        return _MARK.sub(lambda mark: escaped[mark[1]], text)

    value = put(node.value)
    if node.style == '"':
        return before + quoting.double_quoted(value)
    if node.style == "'":
        return before + quoting.yaml_single_quoted(value)
    if not node.style:
        by_default = _MARK.sub(lambda mark: defaults[int(mark[1])], node.value)
        # A place for a number or a boolean, and one is given.
        if quoting.is_yaml_number(by_default) and quoting.is_yaml_number(value):
            return before + value
        if quoting.is_yaml_text(value) and all(quoting.is_plain(text) for text in escaped.values()):
            return put(source)
    elif all(text.isprintable() and text and text == text.strip() for text in escaped.values()):
        return put(source)
    return before + quoting.double_quoted(value) + ("\n" if source.endswith("\n") else "")


def _flow_sequence(text: str, where: tuple[str, str]) -> str:
    """A list that a user has written in YAML, on one line."""
    try:
        items = yaml.load(text, _LOADER)
    except yaml.YAMLError as error:
        raise StackError(f"{'/'.join(where)} needs a list in YAML, not {text!r}: {error}") from None
    if not isinstance(items, list):
        raise StackError(f"{'/'.join(where)} needs a list in YAML, such as [a, b], not {text!r}")
    return text if "\n" not in text else yaml.safe_dump(items, default_flow_style=True, width=10**9).strip()
