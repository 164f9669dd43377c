"""The resource: attributes of this process, which every span, metric and log record carries."""

from __future__ import annotations

import os
import platform
import socket
import sys
import uuid
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.version import __version__ as sdk_version

from .._version import __version__
from .engine.values import sendable_attributes

if TYPE_CHECKING:
    from .settings import Settings


def build(settings: Settings) -> Resource:
    """The resource of this process, with a new instance id.

    Called again in a forked child, which is another instance. The attributes are named in
    https://opentelemetry.io/docs/specs/semconv/resource/
    """
    attributes: dict[str, str | int] = {
        **settings.resource_attributes,
        "service.name": settings.service_name,
        "service.instance.id": str(uuid.uuid4()),
        "deployment.environment.name": settings.environment,
        "host.name": host_name(),
        "process.pid": os.getpid(),
        "process.runtime.name": sys.implementation.name,
        "process.runtime.version": platform.python_version(),
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": sdk_version,
        "telemetry.distro.name": "botobs",
        "telemetry.distro.version": __version__,
    }
    if settings.service_namespace is not None:
        attributes["service.namespace"] = settings.service_namespace
    if settings.service_version is not None:
        attributes["service.version"] = settings.service_version
    # One character that cannot be encoded would make every request fail.
    return Resource(sendable_attributes(attributes))


def host_name() -> str:
    """What this machine, or this container, is called; `unknown` where it does not say."""
    try:
        return socket.gethostname()
    except (OSError, ValueError):
        # It is unknown, or cannot be decoded.
        return "unknown"
