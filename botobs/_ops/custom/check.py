"""Checks the files of `custom/` with the programs that will read them, and says file and line of what they refuse."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import yaml

from ..components.collector import FEATURES
from ..errors import StackError
from .folders import files, text_of
from .overlay import COLLECTOR, merge, parsed, rendered, with_routes

#: Longest that a program may take to read a configuration, in seconds: far beyond what any has needed.
_LONGEST = 300
_PROMTOOL = re.compile(r"^(?P<path>\S.*?\.ya?ml): (?:yaml: )?(?:(?P<line>\d+):\d+: )?(?P<text>.+)$")
_LINE: Final = re.compile(r"\bline (\d+)(?:: |\b)")
_DEFINED: Final = re.compile(r'\{\{-?\s*define\s+"([^"]+)"')
_NAMED: Final = re.compile(r'\btemplate\s+\\?"([^"\\]+)\\?"')
#: Of Alertmanager's own, such as `slack.default.title` and `__subject`.
_BUILT_IN: Final = re.compile(r"\A__|\.default\.")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Fault:
    """Something in a file that its program would not take.

    Attributes:
        file: The person's file.
        line: Where in it, from 1; 0 where the program does not say and it cannot be found.
        text: What is wrong.
    """

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class Programs(Protocol):
    """Gives the path of a program by its name."""

    def __getitem__(self, program: str, /) -> Path:
        """The path of a program."""


@dataclass(frozen=True)
class Checker:
    """What a check needs.

    Attributes:
        custom: The folder of a person's files.
        config: A rendered configuration, theirs laid over it.
        values: Of the variables in templates.
        programs: Paths of promtool, amtool and botobs-collector.
    """

    custom: Path
    config: Path
    values: Mapping[str, str]
    programs: Programs

    def run(self, program: str, *words: object, cwd: Path | None = None) -> str | None:
        """What a program says against a configuration; None where it takes it."""
        done = self.started(program, *words, cwd=cwd)
        return None if done.returncode == 0 else done.stdout + done.stderr

    def started(
        self, program: str, *words: object, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return the completed process."""
        command = [str(self.programs[program]), *map(str, words)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_LONGEST, check=False)


def check(checker: Checker, tests: bool = True) -> list[Fault]:
    """What the programs do not take of a person's files, which can be read.

    Args:
        checker: What and with what.
        tests: Run the tests of rules too.
    """
    faults = list(_rules(checker))
    if tests and not faults:
        faults += _tests(checker)
    if files(checker.custom, "routes") or files(checker.custom, "templates"):
        faults += _alertmanager(checker)
    faults += _collector(checker)
    return faults


def require(checker: Checker) -> None:
    """Refuse to go on with files that a program would not take: it would not start, and the alerts with it.

    Raises:
        StackError: All that is wrong, a line each.
    """
    if faults := [str(fault) for fault in check(checker, tests=False)]:
        raise StackError(faults[0], "\n".join([*faults[1:], "See all with: botobs check"]))


def receivers_of(checker: Checker, labels: Sequence[str]) -> list[str]:
    """The receivers that an alert would be sent to, in the order of the routes.

    Args:
        checker: Whose configuration.
        labels: Of the alert, each `name=value`.

    Raises:
        StackError: Alertmanager's tool does not understand a label or the configuration.
    """
    for label in labels:
        if not re.fullmatch(r"\A[a-zA-Z_]\w*=.*", label):
            raise StackError(f"{label!r} is no label: write NAME=VALUE, such as severity=critical")
    file = checker.config / "alertmanager" / "alertmanager.yml"
    done = checker.started("amtool", "config", "routes", "test", f"--config.file={file}", *labels)
    if done.returncode:
        raise StackError(_of_amtool(done.stdout + done.stderr) or "no route can be found")
    return [name.strip() for name in done.stdout.split(",")]


def unreadable(custom: Path, values: Mapping[str, str]) -> list[Fault]:
    """A fault for every file that cannot be read as what its folder is for."""
    faults = []
    for name, read in _READERS.items():
        for file in files(custom, name):
            try:
                read(file, values)
            except StackError as error:
                faults.append(_of_text(file, error.problem))
    return faults


def _of_text(file: Path, problem: str) -> Fault:
    """The fault in a sentence that begins with the file, and perhaps a line."""
    rest = problem.removeprefix(str(file)).removeprefix(":")
    line, colon, text = rest.partition(":")
    return Fault(file, int(line), text.strip()) if colon and line.isdigit() else Fault(file, 0, rest.strip())


def _yaml(file: Path, values: Mapping[str, str]) -> None:
    text = rendered(file, values)
    try:
        list(yaml.parse(text, _LOADER))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StackError(f"{file}:{line}: {error.problem}") from None


def _dashboard(file: Path, values: Mapping[str, str]) -> None:
    text = rendered(file, values)
    try:
        content = json.loads(text)
    except RecursionError:
        raise StackError(f"{file}: it is nested too deeply") from None
    except ValueError as error:
        raise StackError(f"{file}:{getattr(error, 'lineno', 1)}: it is no JSON: {error}") from None
    if isinstance(content, dict) and "apiVersion" in content:
        raise StackError(f"{file}:1: it is a resource of Grafana's API; export the dashboard as *Classic*")
    for key, kind in (("uid", str), ("title", str), ("panels", list)):
        if not isinstance(content, dict) or not isinstance(content.get(key), kind) or not content[key]:
            raise StackError(f"{file}:1: a dashboard needs {key!r}; in Grafana: Export, JSON, as a file")


_READERS: Mapping[str, Callable[[Path, Mapping[str, str]], object]] = {
    "rules": _yaml,
    "tests": _yaml,
    "routes": parsed,
    "templates": rendered,
    "dashboards": _dashboard,
    "collector": parsed,
}


def _rules(checker: Checker) -> Iterator[Fault]:
    for file in files(checker.custom, "rules"):
        copy = checker.config / "prometheus" / "custom" / "rules" / file.name
        # Warnings are of style, and would forbid what Prometheus takes.
        said = checker.run("promtool", "check", "rules", "--lint=none", copy)
        if said is not None:
            # It says some things twice.
            yield from dict.fromkeys(_promtool(file, said, str(copy)))


def _promtool(file: Path, said: str, copy: str) -> Iterator[Fault]:
    lines = [line.strip() for line in said.splitlines()]
    for number, line in enumerate(lines):
        match = _PROMTOOL.match(line.replace(copy, "rules.yml"))
        if match is None:
            continue
        text, at = match["text"], int(match["line"] or 0)
        if text.startswith("unmarshal errors") and number + 1 < len(lines):
            text = lines[number + 1]
        if found := _LINE.search(text):
            text, at = text.replace(found[0], "").strip(), int(found[1])
        yield Fault(file, at, text)


def _tests(checker: Checker) -> Iterator[Fault]:
    folder = checker.config / "prometheus" / "custom" / "tests"
    for file in files(checker.custom, "tests"):
        said = checker.run("promtool", "test", "rules", file.name, cwd=folder)
        if said is None:
            continue
        text = said.partition("FAILED:\n")[2] or said
        name = re.search(r"^\s*name: (.+?),?$|^\s*expr: \"(.+)\", time:", text, re.MULTILINE)
        words = (name[1] or name[2]) if name else ""
        shown = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        yield Fault(file, _line_with(file, words), f"a case failed:\n{shown}")


def _alertmanager(checker: Checker) -> Iterator[Fault]:
    folder = checker.config / "alertmanager"
    said = checker.run("amtool", "check-config", folder / "alertmanager.yml")
    if said is None:
        yield from _templates(checker)
        return
    # Of all files together it does not say which one: each alone on ours, until one is refused.
    reason = _of_amtool(said)
    for file in files(checker.custom, "templates"):
        if file.name in reason:
            line = re.search(re.escape(file.name) + r":(\d+)", reason)
            yield Fault(file, int(line[1]) if line else 0, reason)
            return
    ours = _ours(checker)
    routes = files(checker.custom, "routes")
    for number, file in enumerate(routes):
        layers = [parsed(each, checker.values) for each in routes[: number + 1]]
        trial = folder / "trial.yml"
        trial.write_text(with_routes(ours, layers), encoding="utf-8")
        said = checker.run("amtool", "check-config", trial)
        trial.unlink()
        if said is not None:
            reason = _of_amtool(said)
            yield Fault(file, _line_of_words(file, reason), reason)
            return
    yield Fault(checker.custom / "routes", 0, reason)


def _templates(checker: Checker) -> Iterator[Fault]:
    """Templates that routes name and that are not defined: Alertmanager starts, but can send no message."""
    folder = checker.config / "alertmanager"
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*/*.tmpl")]
    defined = {name for text in texts for name in _DEFINED.findall(text)}
    for file in files(checker.custom, "routes"):
        for number, line in enumerate(rendered(file, checker.values).splitlines(), 1):
            for name in _NAMED.findall(line):
                if name not in defined and not _BUILT_IN.search(name):
                    yield Fault(file, number, f"no template is called {name!r}")


def _ours(checker: Checker) -> str:
    from ..home import assets
    from ..home.render import render_text

    template = assets.root() / "alertmanager" / "alertmanager.yml"
    return render_text(template.read_text(encoding="utf-8"), checker.values, "alertmanager/alertmanager.yml")


def _of_amtool(said: str) -> str:
    text = said.partition("FAILED:")[2] or said
    # Lines are of the file that ours and theirs make together.
    kept = [_LINE.sub("", line).strip() for line in text.splitlines() if "amtool: error" not in line]
    return " ".join(line for line in kept if line).replace("yaml: unmarshal errors: ", "")


def _collector(checker: Checker) -> Iterator[Fault]:
    folder = checker.config / "collector"
    trial = folder / COLLECTOR
    layers: list[dict[str, Any]] = []
    for file in files(checker.custom, "collector"):
        layers.append(parsed(file, checker.values))
        trial.write_text(yaml.safe_dump(merge(layers), sort_keys=False), encoding="utf-8")
        said = checker.run(
            "botobs-collector", "validate", FEATURES,
            "--config", f"file:{folder / 'collector.yaml'}",
            "--config", f"file:{folder / 'behind-intake.yaml'}", "--config", f"file:{trial}",
        )  # fmt: skip
        if said is not None:
            lines = [line.strip() for line in said.splitlines() if line.strip()]
            text = " ".join(line for line in lines if "decoding failed due to" not in line)
            reason = text.removeprefix("Error: ")
            yield Fault(file, _line_of_words(file, reason), reason)
            return
        if wrong := next(_receivers(folder, layers), None):
            pipeline, text = wrong
            yield Fault(file, _line_with(file, f"{pipeline}:"), text)
            return


#: The pipeline of the service graph.
_GRAPH = "traces/graph"


def _receivers(folder: Path, layers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Pipelines of ours whose receivers or exporters a file replaces by others, and what is wrong with them.

    The collector starts with them: but what the intake sends has no place to go, passes no guard, or counts twice.
    """
    files_of_ours = [folder / name for name in ("collector.yaml", "behind-intake.yaml")]
    read = merge(yaml.load(file.read_bytes(), _LOADER) for file in files_of_ours if file.exists())
    ours = {name: parts["receivers"] for name, parts in read.get("service", {}).get("pipelines", {}).items()}
    theirs = (merge(layers).get("service") or {}).get("pipelines") or {}
    for pipeline, parts in theirs.items():
        if (
            pipeline in ours
            and pipeline != _GRAPH
            and "service_graph" in ((parts or {}).get("exporters") or ())
        ):
            yield (
                pipeline,
                f"{_GRAPH} hands spans to service_graph: in {pipeline} each edge would count twice",
            )
        named = (parts or {}).get("receivers")
        if pipeline not in ours or named is None:
            continue
        if missing := [each for each in ours[pipeline] if each not in named]:
            yield pipeline, f"{pipeline} must keep the receivers {', '.join(missing)}, beside yours"
        others = {each for receivers in ours.values() for each in receivers} - set(ours[pipeline])
        if moved := [each for each in named if each in others]:
            yield pipeline, f"what {', '.join(moved)} takes in would pass no guard in {pipeline}"


def _line_of_words(file: Path, reason: str) -> int:
    """The line of the most particular of the words that a program names; 0 if none is in the file."""
    quoted = re.findall(r'"([^"]+)"', reason)
    named = re.findall(r"\b(?:invalid keys:|field) ([\w./-]+)", reason)
    for word in (*named, *sorted(quoted, key=len, reverse=True)):
        if line := _line_with(file, word):
            return line
    return 0


def _line_with(file: Path, word: str) -> int:
    lines = text_of(file).splitlines()
    return next((number for number, line in enumerate(lines, 1) if word and word in line), 0)
