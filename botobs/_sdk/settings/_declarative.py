"""OpenTelemetry's declarative configuration, `OTEL_CONFIG_FILE`, as the variables of OpenTelemetry that say the same.

https://opentelemetry.io/docs/specs/otel/configuration/sdk/. botobs reads what it has a setting for: the resource, where
and how often spans and metrics are sent, and sampling. While there is such a file, the other variables of
OpenTelemetry's SDK do not count, as its specification wants; only `OTEL_SDK_DISABLED=true` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..files import read_small
from ..safe import text_of
from ._table import Problem

#: Names the file.
VARIABLE = "OTEL_CONFIG_FILE"
_REFERENCE = re.compile(r"\$\$|\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}\n]*))?\}")
#: Variables that are not those of OpenTelemetry's SDK, and this module's own.
_KEPT = re.compile(r"(?!OTEL_)|OTEL_(PYTHON_|CONFIG_FILE$)")
_SIGNAL_PATH = re.compile(r"/v1/(traces|metrics|logs)/?$")
#: What the entries of an exporter are called, in the release of today and in earlier ones.
_OF_EXPORTER = {
    "OTEL_EXPORTER_OTLP_COMPRESSION": (("compression",),),
    "OTEL_EXPORTER_OTLP_CERTIFICATE": (("tls", "ca_file"), ("certificate_file",)),
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": (("tls", "cert_file"), ("client_certificate_file",)),
    "OTEL_EXPORTER_OTLP_CLIENT_KEY": (("tls", "key_file"), ("client_key_file",)),
}


def overlay(environ: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """The variables with the file's content in the place of OpenTelemetry's own; as they are where there is no file.

    Returns:
        The variables, and what was wrong with the file, which is left out then.
    """
    named = environ.get(VARIABLE)
    if not isinstance(named, str) or not named.strip():
        return environ, ()
    try:
        content = _substituted(_parsed(Path(named.strip()).expanduser()), environ)
        found = dict(_variables(content))
    except Exception as error:
        why = text_of(error)[:200] or type(error).__name__
        return environ, (Problem("config", f"{VARIABLE} names a file that cannot be read ({why})."),)
    kept = {name: value for name, value in environ.items() if _KEPT.match(str(name))}
    if str(environ.get("OTEL_SDK_DISABLED", "")).strip().lower() == "true":
        # A variable that switches the service off wins over the file.
        found["OTEL_SDK_DISABLED"] = "true"
    return {**kept, **found}, ()


def _parsed(path: Path) -> Any:
    text = read_small(path).decode("utf-8")
    try:
        import yaml
    except ImportError:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("it is YAML, and PyYAML is not installed") from None
    return yaml.safe_load(text)


def _substituted(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _substituted(each, environ) for key, each in value.items()}
    if isinstance(value, list):
        return [_substituted(each, environ) for each in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(
        lambda found: environ.get(found[1]) or found[2] or "" if found[1] else "$",
        value,
    )


def _variables(content: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(content, dict):
        raise ValueError("it holds no mapping")
    if (disabled := _at(content, "disabled")) is not None:
        yield "OTEL_SDK_DISABLED", str(disabled).lower()
    attributes = [text for text in [_at(content, "resource", "attributes_list")] if isinstance(text, str)]
    attributes += _pairs(_at(content, "resource", "attributes"))
    if attributes:
        yield "OTEL_RESOURCE_ATTRIBUTES", ",".join(attributes)
    batch = _first(_at(content, "tracer_provider", "processors"), "batch")
    periodic = _first(_at(content, "meter_provider", "readers"), "periodic")
    for name, interval in (
        ("OTEL_BSP_SCHEDULE_DELAY", _at(batch, "schedule_delay")),
        ("OTEL_METRIC_EXPORT_INTERVAL", _at(periodic, "interval")),
    ):
        if interval is not None:
            yield name, str(interval)
    for exporter in (_at(batch, "exporter"), _at(periodic, "exporter")):
        for kind in ("otlp_http", "otlp"):
            if (of_kind := _at(exporter, kind)) is not None:
                yield from _of_exporter(of_kind)
                break
        else:
            continue
        break
    yield from _sampler(_at(content, "tracer_provider", "sampler"))


def _of_exporter(exporter: Any) -> Iterator[tuple[str, str]]:
    if (endpoint := _at(exporter, "endpoint")) is not None:
        yield "OTEL_EXPORTER_OTLP_ENDPOINT", _SIGNAL_PATH.sub("", str(endpoint))
    headers = [text for text in [_at(exporter, "headers_list")] if isinstance(text, str)]
    headers += _pairs(_at(exporter, "headers"))
    if headers:
        yield "OTEL_EXPORTER_OTLP_HEADERS", ",".join(headers)
    for name, places in _OF_EXPORTER.items():
        for place in places:
            if (value := _at(exporter, *place)) is not None:
                yield name, str(value)


def _sampler(sampler: Any) -> Iterator[tuple[str, str]]:
    root = _at(sampler, "parent_based", "root") or sampler
    if not isinstance(root, dict):
        return
    ratio = _at(root, "trace_id_ratio_based", "ratio")
    if "always_off" in root:
        yield "OTEL_TRACES_SAMPLER", "always_off"
    elif ratio is not None:
        yield "OTEL_TRACES_SAMPLER", "parentbased_traceidratio"
        yield "OTEL_TRACES_SAMPLER_ARG", str(ratio)


def _at(content: Any, *keys: str) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _first(entries: Any, kind: str) -> Any:
    found = (each[kind] for each in entries or () if isinstance(each, dict) and kind in each)
    return next(found, None)


def _pairs(entries: Any) -> list[str]:
    return [
        f"{quote(str(each['name']))}={quote(str(each.get('value') or ''))}"
        for each in entries or ()
        if isinstance(each, dict) and "name" in each
    ]
