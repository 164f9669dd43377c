"""The public interface as text: `make snapshots` writes it to `tests/snapshots/`, and a test compares.

It covers what semantic versioning covers (docs/deprecations.md): Python names, metrics, attributes, settings, commands
and alerts. Each line is one name with everything that a user may depend on, so that a change is one line in review.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import griffe
import yaml

from botobs import semconv
from botobs._ops.cli import COMMANDS
from botobs._sdk.settings import TABLE, Settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "snapshots"
#: The packages whose `__all__` is public; those that do not exist yet are left out.
PUBLIC = tuple(
    name
    for name in (
        "botobs",
        "botobs.trading",
        "botobs.trading.sequences",
        "botobs.testing",
        "botobs.testing.clients",
        "botobs.clients",
        "botobs.semconv",
    )
    if (ROOT / name.replace(".", "/") / "__init__.py").exists()
)

#: Classes whose objects come from functions of botobs; their constructors are private.
_MADE_BY_FUNCTIONS = ("botobs.Handle", "botobs.trading.")


@cache
def snapshots() -> Mapping[Path, str]:
    """Content of every snapshot, by its path: sorted lines."""
    return {
        FOLDER / f"{name}.txt": "".join(f"{line}\n" for line in sorted(set(lines())))
        for name, lines in {
            "api": _api,
            "metrics": _metrics,
            "attributes": _attributes,
            "settings": _settings,
            "commands": _commands,
            "alerts": _alerts,
        }.items()
    }


def main() -> None:
    """Write the snapshots that have changed."""
    for path, content in snapshots().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


@cache
def public_objects() -> Mapping[str, list[griffe.Object]]:
    """The objects that each public package lists in `__all__`, read from the source without importing it."""
    loaded = griffe.load("botobs", search_paths=[ROOT], resolve_aliases=True, resolve_external=False)
    found = {}
    for package in PUBLIC:
        module = loaded if package == "botobs" else loaded[package.removeprefix("botobs.")]
        found[package] = [_object(module[str(name)]) for name in sorted(map(str, module.exports or ()))]
    return found


def alert_rules() -> Iterator[dict[str, Any]]:
    """Every alert rule of the stack, as Prometheus reads it."""
    for path in sorted((ROOT / "prometheus" / "rules").glob("*.yml")):
        for group in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("groups", ()):
            yield from (rule for rule in group["rules"] if "alert" in rule)


def signature_of(function: griffe.Object | griffe.Alias) -> str:
    """Parameters and result of a function, as in its definition: `(id: str, *, exchange: str | None = None) -> Bot`."""
    function = _object(function)
    assert isinstance(function, griffe.Function)
    return function.signature().removeprefix(function.name)


def _object(found: griffe.Object | griffe.Alias) -> griffe.Object:
    target = found.final_target if isinstance(found, griffe.Alias) else found
    assert isinstance(target, griffe.Object)
    return target


def _api() -> Iterator[str]:
    for package, objects in public_objects().items():
        for each in objects:
            yield from _described(f"{package}.{each.name}", each)


def _described(path: str, each: griffe.Object) -> Iterator[str]:
    """The line of an object and those of its public members, inherited ones too."""
    if isinstance(each, griffe.Class):
        bases = ", ".join(str(base) for base in each.bases)
        yield f"{path}({bases})"
        for name, member in sorted(each.all_members.items()):
            constructor = (
                name == "__init__" and not member.is_alias and not path.startswith(_MADE_BY_FUNCTIONS)
            )
            if (constructor or not name.startswith("_")) and not member.is_module:
                yield from _described(f"{path}.{name}", _object(member))
    elif isinstance(each, griffe.Function):
        label = "async " if "async" in each.labels else ""
        yield f"{path}{signature_of(each)}".replace(path, f"{label}{path}", 1)
    elif isinstance(each, griffe.Attribute):
        yield f"{path}: {each.annotation or 'Any'}"


def _areas() -> Iterator[tuple[str, object]]:
    for module in iter_modules(semconv.__path__):
        if not module.name.startswith("_"):
            yield module.name, importlib.import_module(f"botobs.semconv.{module.name}")


def _metrics() -> Iterator[str]:
    for metric in semconv.all_metrics():
        labels = ", ".join(sorted(metric.attributes))
        yield f"{metric.name} | {metric.prometheus_name} | {metric.kind} | {metric.unit} | {labels}"


def _attributes() -> Iterator[str]:
    """Constants of `botobs.semconv`: the names and values that spans and metrics carry."""
    for area, module in _areas():
        for name, value in vars(module).items():
            if name.isupper() and not name.startswith("_") and isinstance(value, str):
                yield f"{value} | botobs.semconv.{area}.{name}"
    for metric in semconv.all_metrics():
        for label in metric.attributes:
            yield f"{label} | a label"


def _settings() -> Iterator[str]:
    defaults = Settings()
    for name, setting in TABLE.items():
        variables = ", ".join([f"BOTOBS_{name.upper()}", *(variable.name for variable in setting.otel)])
        yield f"{name} | {variables} | {defaults.shown(name)}"


def _commands() -> Iterator[str]:
    for name in COMMANDS:
        holder = argparse.ArgumentParser(prog="botobs").add_subparsers()
        importlib.import_module(f"botobs._ops.cli.{name}").add_parser(holder)
        yield from _arguments(holder.choices[name])


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """A command, its flags and positional arguments with the values that they accept, and its subcommands."""
    yield parser.prog
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _arguments(below)
        elif not isinstance(action, argparse._HelpAction):
            name = ", ".join(action.option_strings) or action.metavar or action.dest
            choices = f" {{{','.join(map(str, action.choices))}}}" if action.choices else ""
            required = " (required)" if action.required and action.option_strings else ""
            yield f"{parser.prog} {name}{choices}{required}"


def _alerts() -> Iterator[str]:
    for rule in alert_rules():
        yield f"{rule['alert']} | {rule['labels']['severity']}"


if __name__ == "__main__":
    main()
