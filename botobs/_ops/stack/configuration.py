"""What a home's configuration is made from, and how it is written."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from .. import custom
from ..access import certificates
from ..components import mimir, native
from ..components.cluster import settings as cluster_settings
from ..components.table import COMPONENTS
from ..home import assets
from ..home.home import Home
from ..home.render import render_tree
from ..settings import sign_in
from ..settings.table import TABLE
from ..settings.values import Given, defaults, gather
from .options import Options

#: Folders of configuration, that of a cluster's load balancer among them, and what in them is no configuration.
_TEMPLATES = (*native.folders(), "front")
#: Recorded series and alerts, and the series of Prometheus' own scrape jobs.
_SCRAPED = "|".join(component.scrape_job for component in COMPONENTS if component.scraped)
_NOT_PUSHED = f".*:.*;.*|ALERTS.*;.*|.*;({_SCRAPED}|extra.*)"
_GROUP_INTERVAL = "BOTOBS_ALERT_GROUP_INTERVAL"
#: Further alerts of an urgent group wait for less where there is one Alertmanager.
_SOONER = (f"{_GROUP_INTERVAL}_CRITICAL", f"{_GROUP_INTERVAL}_ORDERS")
_NO_CONFIG = frozenset(
    {"build", "tests", "README.md", "__pycache__", "__init__.py", "boards", "generate.py", "custom.yaml"}
)


def variables(
    home: Home, chosen: Mapping[str, int], options: Options, given: Given | None = None
) -> dict[str, str]:
    """Values of the configuration's variables: those that somebody has given, and over them what this stack decides.

    Args:
        home: The stack's folder.
        chosen: Ports by variable.
        options: How the stack is run; its `variables` win over what is decided.
        given: The settings; gathered anew if None.
    """
    given = given or gather(home, options.variables)
    values = dict(given.texts)
    values |= {name: str(number) for name, number in chosen.items()}
    values["BOTOBS_HOME"] = str(home.path)
    values["BOTOBS_DATA"] = str(home.data)
    values["BOTOBS_SECRETS"] = str(home.secrets)
    values["BOTOBS_CONFIG"] = str(home.config)
    values.setdefault("BOTOBS_ENVIRONMENT", "development")
    values.setdefault("BOTOBS_HOST_NAME", socket.gethostname())
    if certificates.found(home.secrets):
        values["BOTOBS_CERTIFICATE_EXPIRY"] = certificate_expiry(home)
    if "BOTOBS_GRAFANA_URL" in given.texts:
        # Messages have no link to a Grafana that nobody runs.
        values["BOTOBS_DASHBOARD_URL"] = given.texts["BOTOBS_GRAFANA_URL"]
    values |= sign_in.of_grafana(given.texts, home.secrets, str(home.secrets))
    for component in COMPONENTS:
        # That of Grafana is where people find it, which they say.
        setting = TABLE.get(component.url_variable)
        if setting is not None and setting.decided and component.address in values:
            values[component.url_variable] = f"https://127.0.0.1:{values[component.address]}"
    if "BOTOBS_TEMPO_OTLP_PORT" in values:
        values["BOTOBS_TEMPO_OTLP_ENDPOINT"] = f"127.0.0.1:{values['BOTOBS_TEMPO_OTLP_PORT']}"
    values |= {name: given.texts.get(name, text) for name, text in (options.variables or {}).items()}
    if options.cluster:
        # Well above the time that the second Alertmanager waits for the first (docs/scale-out.md).
        interval = values.get(_GROUP_INTERVAL, defaults()[_GROUP_INTERVAL])
        return dict.fromkeys(_SOONER, interval) | cluster_settings.variables(values)
    return values | (long_term_store(values) if options.mimir else {})


def certificate_expiry(home: Home) -> str:
    """When the first of the certificates ends, in seconds since the epoch."""
    return str(int(min(each.expires for each in certificates.found(home.secrets)).timestamp()))


def long_term_store(values: Mapping[str, str]) -> dict[str, str]:
    """What sends everything to Mimir too: pushed series from the collector, the rest from Prometheus."""
    target = {
        **mimir.remote_write(values, values.get("BOTOBS_MIMIR_TENANT", "botobs")),
        "send_exemplars": True,
        # Pushed series reach Mimir from the collector; sent twice, each sample would be refused once.
        "write_relabel_configs": [
            {"source_labels": ["__name__", "job"], "regex": _NOT_PUSHED, "action": "keep"}
        ],
    }
    return {
        "BOTOBS_COLLECTOR_METRICS_EXPORTERS": "[otlp_http/prometheus, otlp_http/mimir]",
        # JSON is YAML in flow style.
        "BOTOBS_PROMETHEUS_REMOTE_WRITE": json.dumps([target], ensure_ascii=False),
    }


def render(home: Home, values: Mapping[str, str], own: Path | None = None) -> None:
    """Write every component's configuration into the home, and a person's files over it.

    Args:
        home: Where to.
        values: Of the settings.
        own: The folder of the person's files; that of the home if None.

    Raises:
        StackError: One of these is not what its folder is for.
    """
    for name in _TEMPLATES:
        source = assets.root() / name
        if source.is_dir():
            render_tree(source, home.config / name, values, _NO_CONFIG)
    custom.lay_over(own or home.custom, home.config, values)
