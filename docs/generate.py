"""Writes the pages and dashboards that are derived from the code: `make docs`. Tests hold them to what is there."""

from __future__ import annotations

import importlib
from pathlib import Path
from pkgutil import iter_modules

from botobs import semconv
from botobs._ops.access.rights import RIGHTS, Action, Credential
from botobs._ops.cli import COMMANDS
from botobs._ops.components.ports import PORTS
from botobs._ops.components.table import COMPONENTS
from botobs._ops.settings.table import TABLE as STACK_SETTINGS
from botobs._sdk.settings import TABLE, Settings
from grafana import generate as dashboards

from . import (
    chart,
    exchange_clients,
    first_steps,
    follows,
    intake_rules,
    interface,
    libraries,
    losses,
    order_codes,
    patterns,
    same,
    stack_settings,
    timeline,
)
from .tables import markdown_table

FOLDER = Path(__file__).parent
_NOTE = "<!-- Written by `make docs` from the code; do not edit. -->"


def pages() -> dict[Path, str]:
    """Content of every generated page, by its path."""
    names = FOLDER.parent / "botobs" / "_sdk" / "settings" / "stack_settings.txt"
    return (
        chart.pages()
        | order_codes.pages()
        | follows.pages()
        | first_steps.pages()
        | {names: "".join(f"{name}\n" for name in sorted(STACK_SETTINGS))}
        | patterns.pages()
        | intake_rules.pages()
        | same.pages()
        | timeline.pages()
        | {
            FOLDER / "reference" / name: f"{_NOTE}\n\n{make()}\n"
            for name, make in {
                "metrics.md": _metrics,
                "settings.md": _settings,
                "stack-settings.md": stack_settings.page,
                "libraries.md": libraries.page,
                "ports.md": _ports,
                "access.md": _access,
                "components.md": _components,
                "commands.md": _commands,
                "exchange-clients.md": exchange_clients.page,
                "public-api.md": _public_api,
                "alerts.md": _alerts,
                "losses.md": losses.page,
            }.items()
        }
    )


def main() -> None:
    """Write what has changed."""
    for path, content in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(FOLDER.parent)}")
    dashboards.main()


def _components() -> str:
    intro = (
        "# Components\n\nWhat a stack on one machine consists of. *Always* means that `botobs up` starts it "
        "without being asked; the others come with `--with`, with a setting, or with `--profile cluster`, which runs "
        "several processes of some ([scaling out](../scale-out.md))."
    )
    rows = [
        [
            f"`{component.name}`",
            component.purpose,
            "yes" if component.always else "",
            ", ".join(f"`{port.variable}`" for port in component.ports),
            ", ".join(f"`{name}`" for name in component.after),
            f"`{component.scrape_job}`" if component.scraped else "",
            f"[`{component.folder}/`](../../{component.folder})",
        ]
        for component in COMPONENTS
    ]
    titles = ["component", "what it does", "always", "ports", "starts after", "scrape job", "configuration"]
    return f"{intro}\n\n{markdown_table(titles, rows)}"


def _metrics() -> str:
    areas = [module.name for module in iter_modules(semconv.__path__) if not module.name.startswith("_")]
    parts = [
        "# Metrics\n\nWhat botobs emits. The second name is the one in Prometheus; histograms have "
        "`_bucket`, `_sum` and `_count` behind it. Every series also carries `service_name`, "
        "`service_instance_id` and `deployment_environment_name`."
    ]
    for area in sorted(areas):
        module = importlib.import_module(f"botobs.semconv.{area}")
        rows = [
            (
                f"`{metric.name}`<br>`{metric.prometheus_name}`",
                metric.kind.replace("_", " "),
                f"`{metric.unit}`",
                ", ".join(f"`{name}`" for name in metric.attributes) or "-",
                metric.description,
            )
            for metric in sorted(module.METRICS, key=lambda metric: metric.name)
        ]
        title = f"## {area.capitalize()}\n\n{(module.__doc__ or '').strip()}"
        parts.append(
            f"{title}\n\n{markdown_table(('name', 'instrument', 'unit', 'attributes', 'meaning'), rows)}"
        )
    return "\n\n".join(parts)


def _settings() -> str:
    defaults = Settings()
    rows = []
    for name, setting in TABLE.items():
        variables = [f"`BOTOBS_{name.upper()}`", *(f"`{variable.name}`" for variable in setting.otel)]
        doc = setting.doc + (" A wrong value stops the export." if setting.essential else "")
        rows.append((f"`{name}`", "<br>".join(variables), f"`{defaults.shown(name)}`", doc))
    return (
        "# Settings\n\nEach can be given, in falling precedence, as an argument of `botobs.init`, as "
        "`BOTOBS_…`, as a variable of OpenTelemetry's, or in `[tool.botobs]` of `pyproject.toml` or "
        "in `botobs.toml` of the working directory, or in the file that `BOTOBS_CONFIG` names. "
        "A file that was only found in the working directory may name paths below it alone: one outside needs "
        "the environment's word, `BOTOBS_CONFIG` or the setting's own variable. "
        "`OTEL_CONFIG_FILE`, OpenTelemetry's declarative configuration, stands in for OpenTelemetry's variables: read "
        "is what there is a setting for; JSON always, YAML where PyYAML is installed. "
        "`OTEL_SDK_DISABLED=true` beats them all. `botobs doctor --explain` shows "
        "the values in force and where each came from.\n\n"
        + markdown_table(("setting", "environment", "default", "meaning"), rows)
    )


def _ports() -> str:
    rows = [
        (str(port.default), port.component, port.purpose, str(port.auth), f"`{port.variable}`")
        for port in PORTS
    ]
    return (
        "# Ports\n\nEverything listens on 127.0.0.1 unless `BOTOBS_BIND` says otherwise. `botobs up "
        "--ports auto` picks free "
        "ports.\n\n" + markdown_table(("port", "part", "purpose", "asks everybody for", "setting"), rows)
    )


def _access() -> str:
    rows = [
        [str(credential), *("yes" if action in RIGHTS[credential] else "" for action in Action)]
        for credential in Credential
    ]
    return (
        "# Who may do what\n\nOn a stack that runs natively. `tests/integration/security/test_rights.py` tries each "
        "cell on the real programs.\n\n"
        + markdown_table(["who holds", *map(str, Action)], rows)
        + "\n\nPrograms of Prometheus' family know users and no roles. So each has its own users: a user who writes "
        "into Prometheus can query it, but see no alert; one who posts alerts can silence them, but see no metric. "
        "A proxy could distinguish reading from writing by path. But every point and alert would pass through it, "
        "and its failure would stop all notifications: there is none.\n\nThe intake, which other hosts "
        "reach, has a certificate of another authority. It opens the collector's port, and no other."
    )


def _commands() -> str:
    rows = [(f"`botobs {name}`", summary) for name, summary in COMMANDS.items()]
    return (
        "# Commands\n\nEvery command has `--help`; those that return data have `--json`. Exit "
        "codes: 0 done, 1 it did not "
        "work or found something wrong, 2 the command was wrong, 3 it is unknown, 130 interrupted or ended by "
        "a signal. "
        "`run` ends with the code of its program.\n\n"
        "An error that you can fix is one sentence on standard error, with what to do next below it; with `--json` "
        'it is `{"error": "...", "hint": "..."}` on standard output. A traceback is a bug: please report it.\n\n'
        + markdown_table(("command", "what it does"), rows)
    )


def _public_api() -> str:
    parts = [
        "# Public API\n\nThese Python names are public. With the [metrics](metrics.md), [settings](settings.md), "
        "[commands](commands.md) and [alerts](alerts.md) they are what "
        "[semantic versioning](../deprecations.md) covers. Everything else is private."
    ]
    for package, objects in interface.public_objects().items():
        rows = [
            (
                f"`{each.name}`",
                each.kind.value,
                _first_sentence(each.docstring.value if each.docstring else "-"),
            )
            for each in objects
        ]
        title = f"## `{package}`"
        parts.append(f"{title}\n\n{markdown_table(('name', 'kind', 'meaning'), rows)}")
    return "\n\n".join(parts)


def _alerts() -> str:
    found: dict[str, dict[str, list[str]]] = {}
    for rule in interface.alert_rules():
        seen = found.setdefault(rule["alert"], {"severity": [], "owner": []})
        for label, values in seen.items():
            values.append(str(rule["labels"].get(label, "-")))
    rows = [
        (f"[{name}](../runbooks/{name}.md)", *(", ".join(sorted(set(values))) for values in seen.values()))
        for name, seen in sorted(found.items())
    ]
    return (
        "# Alerts\n\nEach alert has a runbook: what it means, how sure it is, what to look at and what to do.\n\n"
        + markdown_table(("alert", "severity", "on call"), rows)
    )


def _first_sentence(docstring: str) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(docstring.strip().split("\n\n")[0].split())


if __name__ == "__main__":
    main()
