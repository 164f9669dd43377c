"""Lays the files of `custom/` over a rendered configuration, which stays what it was where there are none."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..errors import StackError
from ..home.private import make_folder, write_secret
from ..home.render import render_text
from .folders import FOLDERS, files, text_of

#: What a file in `routes/` may hold: lists, each put before or behind ours.
ROUTING = ("routes", "receivers", "inhibit_rules", "time_intervals")
#: Where the files of each folder stand, below the rendered configuration.
_PLACES = {
    "rules": "prometheus/custom/rules",
    "tests": "prometheus/custom/tests",
    "templates": "alertmanager/custom",
    "dashboards": "grafana/dashboards/custom",
}
#: The collector's files in one, so that every way to run names the same file.
COLLECTOR = "custom.yaml"


def lay_over(custom: Path, config: Path, values: Mapping[str, str]) -> None:
    """Write a person's files into a configuration that has just been rendered.

    Args:
        custom: The folder of theirs.
        config: The rendered configuration.
        values: Of the variables that their files may name, as ours do.

    Raises:
        StackError: A file cannot be read, or is not what its folder is for; the text begins with its path.
    """
    for name, place in _PLACES.items():
        target = config / place
        wanted = {file.name: rendered(file, values) for file in files(custom, name)}
        if not wanted:
            # What was taken out of `custom/` since the last start.
            shutil.rmtree(target, ignore_errors=True)
            continue
        make_folder(target)
        for gone in [each for each in target.iterdir() if each.name not in wanted]:
            gone.unlink()
        for file_name, text in wanted.items():
            _write(target / file_name, text)
    if routes := files(custom, "routes"):
        ours = config / "alertmanager" / "alertmanager.yml"
        merged = with_routes(ours.read_text(encoding="utf-8"), [parsed(file, values) for file in routes])
        write_secret(ours, merged)
    make_folder(config / "collector")
    collector = merge(parsed(file, values) for file in files(custom, "collector"))
    _write(config / "collector" / COLLECTOR, _dump(collector))


def _write(path: Path, text: str) -> None:
    """Write a file that has changed: a program that runs would find another one in its place, or none for a moment."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_secret(path, text)


def rendered(file: Path, values: Mapping[str, str]) -> str:
    """The text of a person's file, its variables replaced as in ours.

    Raises:
        StackError: It cannot be read.
    """
    program = FOLDERS[file.parent.name].program
    text = text_of(file)
    try:
        return render_text(text, values, f"{program}/{file.name}")
    except RecursionError:
        raise StackError(f"{file}: it is nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StackError(f"{file}:{line}: {error.problem or 'it is no YAML'}") from None
    except yaml.YAMLError as error:
        raise StackError(f"{file}: {error}") from None
    except StackError as error:
        raise StackError(f"{file}: {error.problem}", error.way_out) from None


def parsed(file: Path, values: Mapping[str, str]) -> dict[str, Any]:
    """The mapping in a person's YAML file, empty where the file is.

    Raises:
        StackError: It is no mapping, or one of `routes/` with a key that has no place.
    """
    text = rendered(file, values)
    try:
        content = yaml.safe_load(text)
    except RecursionError:
        raise StackError(f"{file}: it is nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StackError(f"{file}:{line}: {error.problem}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise StackError(f"{file}:1: it must be a mapping, such as `receivers:` with what is below it")
    if file.parent.name == "routes":
        _check_routing(file, text, content)
    return content


def _check_routing(file: Path, text: str, content: Mapping[str, Any]) -> None:
    for key, value in content.items():
        line = next((n for n, each in enumerate(text.splitlines(), 1) if each.startswith(f"{key}:")), 1)
        if key not in ROUTING:
            raise StackError(f"{file}:{line}: {key!r} has no place here; there are {', '.join(ROUTING)}")
        if not isinstance(value, list):
            raise StackError(f"{file}:{line}: {key} must be a list")


def with_routes(ours: str, theirs: Sequence[Mapping[str, Any]]) -> str:
    """Our Alertmanager configuration with a person's routing in it.

    Their routes come behind that of the Watchdog, which must stay, and before the general ones: a
    route with `continue: true` is notified besides them, one without in their place.
    """
    if not theirs:
        return ours
    content = yaml.safe_load(ours)
    routes = content["route"]["routes"]
    behind = next(
        (n for n, each in enumerate(routes, 1) if 'alertname="Watchdog"' in each.get("matchers", ())), 0
    )
    for each in theirs:
        mine = list(each.get("routes", ()))
        routes[behind:behind] = mine
        behind += len(mine)
        for key in ("receivers", "inhibit_rules", "time_intervals"):
            if each.get(key):
                content.setdefault(key, []).extend(each[key])
    return _dump(content)


def merge(layers: Any) -> dict[str, Any]:
    """Mappings over each other as the collector does it: mappings are joined, anything else is replaced."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, dict) and isinstance(result.get(key), dict):
                result[key] = merge((result[key], value))
            else:
                result[key] = value
    return result


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _dump(content: Any) -> str:
    return yaml.dump(content, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=10**6)
