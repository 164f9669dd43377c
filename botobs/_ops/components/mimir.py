"""Mimir: how a Prometheus sends samples to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def remote_write(values: Mapping[str, str], tenant: str) -> dict[str, Any]:
    """An entry of `remote_write` in a Prometheus' configuration, for Mimir as one of its tenants.

    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
    """
    secrets = values["BOTOBS_SECRETS"]
    return {
        "url": f"{values['BOTOBS_MIMIR_URL']}/api/v1/push",
        "headers": {"X-Scope-OrgID": tenant},
        "tls_config": {
            "ca_file": f"{secrets}/ca.pem",
            "cert_file": f"{secrets}/client.pem",
            "key_file": f"{secrets}/client.key",
        },
    }
