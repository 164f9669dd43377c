"""The reference page of the stack's settings, from their table and the templates."""

from __future__ import annotations

from pathlib import Path

from botobs._ops.home.render import VARIABLE
from botobs._ops.settings.setting import Setting
from botobs._ops.settings.table import GROUPS

from .tables import markdown_table

_ROOT = Path(__file__).parents[1]
_FOLDERS = ("alertmanager", "collector", "front", "grafana", "mimir", "postgres", "prometheus", "tempo")
_INTRO = """# Settings of the stack

Those of `botobs up`, `botobs compose` and the [Helm chart](../../deploy/helm/botobs/README.md). Those of a service
are in [settings](settings.md).

Each can be given, in falling precedence, as an argument, as a variable of the environment under its name here, or in
`[stack]` of `botobs.toml` in the stack's home, in small letters and without `BOTOBS_`:

```console
$ botobs config set alert_receiver email alert_email_to you@example.com
$ botobs settings receiver
$ botobs config check
```

A value is a text, whatever it holds: botobs quotes it for the file that it lands in. Durations are `90`, `90s`, `1.5h`,
`1h30m` or `2d`; sizes `4096`, `1GB` (10^9) or `1GiB` (2^30). All are checked before anything starts. A variable that
begins with `BOTOBS_` and that nothing reads is a warning with the nearest name; `botobs up --strict` refuses it."""


def page() -> str:
    """The whole page."""
    files = _files()
    parts = [_INTRO]
    for title, settings in GROUPS.items():
        shown = [setting for setting in settings if setting.name != "BOTOBS_HOME"]
        rows = [_row(setting, files.get(setting.name, [])) for setting in shown]
        titles = ("setting", "type", "default", "meaning", "where it lands")
        parts.append(f"## {title}\n\n{markdown_table(titles, rows)}")
    return "\n\n".join(parts)


def _row(setting: Setting, files: list[str]) -> tuple[str, ...]:
    where = "<br>".join(f"`{file}`" for file in files[:4]) + (
        f"<br>and {len(files) - 4} more" if files[4:] else ""
    )
    default = f"`{setting.default}`" if setting.default else "-"
    return (f"`{setting.name}`", setting.kind.name, default, setting.doc, where or "-")


def _files() -> dict[str, list[str]]:
    """The templates that hold each variable."""
    found: dict[str, list[str]] = {}
    for folder in _FOLDERS:
        for file in sorted((_ROOT / folder).rglob("*")):
            if (
                file.suffix in {".yaml", ".yml", ".conf", ".ini", ".sql", ".tmpl"}
                and "tests" not in file.parts
            ):
                text = file.read_text(encoding="utf-8")
                for name in sorted({each[1] for each in VARIABLE.finditer(text)}):
                    found.setdefault(name, []).append(str(file.relative_to(_ROOT)))
    return found
