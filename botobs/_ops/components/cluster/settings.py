"""The configuration of a cluster: variables derived from its ports, and one file for each of its processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from ...home import assets
from ...home.home import Home
from ...home.private import write_secret
from ...home.render import render_text
from .. import mimir
from . import members
from .members import Member

#: Of processes that have one each: their configuration's template, and the folder of the rendered files.
_TEMPLATES: tuple[tuple[str, str, tuple[Member, ...]], ...] = (
    ("collector", "gateway.yaml", members.GATEWAYS),
    ("collector", "sampler.yaml", members.SAMPLERS),
    ("mimir", "cluster.yaml", members.MIMIRS),
    ("tempo", "cluster.yaml", members.TEMPOS),
)
#: Sections that a Prometheus which only scrapes and sends on may have.
_AGENT = ("global", "scrape_configs")


def variables(values: Mapping[str, str]) -> dict[str, str]:
    """Values that are derived from the ports and are the same for every process."""

    def addresses(some: Iterable[Member], end: str, scheme: str = "") -> list[str]:
        ports = [member.ports[end] for member in some if end in member.ports]
        return [f"{scheme}127.0.0.1:{values[port.variable]}" for port in ports]

    metrics = f"https://127.0.0.1:{values['BOTOBS_FRONT_MIMIR_PORT']}"
    alertmanagers = addresses(members.ALERTMANAGERS, "PORT", "https://")
    return {
        "BOTOBS_MIMIR_URL": metrics,
        "BOTOBS_PROMETHEUS_URL": f"{metrics}/prometheus",
        "BOTOBS_TEMPO_URL": f"https://127.0.0.1:{values['BOTOBS_TEMPO_QUERY_FRONTEND_HTTP_PORT']}",
        "BOTOBS_TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{values['BOTOBS_TEMPO_DISTRIBUTOR_OTLP_PORT']}",
        "BOTOBS_ALERTMANAGER_URL": f"https://127.0.0.1:{values['BOTOBS_FRONT_ALERTMANAGER_PORT']}",
        "BOTOBS_ALERTMANAGER_URLS": ",".join(alertmanagers),
        "BOTOBS_ALERTMANAGER_UPSTREAMS": " ".join(alertmanagers),
        "BOTOBS_GATEWAYS_URL": f"https://127.0.0.1:{values['BOTOBS_FRONT_GATEWAY_PORT']}",
        "BOTOBS_GATEWAY_URLS": " ".join(addresses(members.GATEWAYS, "PORT", "https://")),
        "BOTOBS_MIMIR_URLS": " ".join(addresses(members.MIMIRS, "HTTP_PORT", "https://")),
        "BOTOBS_MIMIR_GOSSIP_MEMBERS": _flow(addresses(members.MIMIRS, "GOSSIP_PORT")),
        "BOTOBS_TEMPO_GOSSIP_MEMBERS": _flow(addresses(members.TEMPOS, "GOSSIP_PORT")),
        **{
            f"BOTOBS_SAMPLER_{number}_ENDPOINT": address
            for number, address in enumerate(addresses(members.SAMPLERS, "PORT"))
        },
        "BOTOBS_OBJECT_STORE_ENDPOINT": addresses([members.OBJECT_STORE], "PORT")[0],
        **values,
    }


def render(home: Home, values: Mapping[str, str]) -> None:
    """Write the files of every process, and the configuration of the Prometheus that scrapes."""
    for folder, template, some in _TEMPLATES:
        text = (assets.root() / folder / template).read_text(encoding="utf-8")
        for member in some:
            rendered = render_text(text, member.values(values), f"{folder}/{template}")
            write_secret(home.config / folder / f"{member.name}.yaml", rendered)
    _write_agent(home.config / "prometheus", values)


def _write_agent(folder: Path, values: Mapping[str, str]) -> None:
    """The scrapes of prometheus.yml, and Mimir as the only place for what they find."""
    whole = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))
    agent = {key: whole[key] for key in _AGENT}
    # The offset is of rules, and those are Mimir's here.
    for of_rules in ("evaluation_interval", "rule_query_offset"):
        agent["global"].pop(of_rules, None)
    agent["remote_write"] = [mimir.remote_write(values, values.get("BOTOBS_TENANT") or "botobs")]
    write_secret(folder / "agent.yml", yaml.safe_dump(agent, sort_keys=False))


def _flow(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]"
