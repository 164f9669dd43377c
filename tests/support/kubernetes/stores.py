"""Mimir, Tempo, Alertmanager and an object store as pods, by the values of deploy/helm/values.

The charts of others cannot be had here. What they would make of our values is one process of each store with the
configuration that the values say, and nginx with their snippet as its door; what is left out is in `_OF_THE_PLACE`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from botobs._ops.programs.versions import pins
from tests.support import upstream

Manifest = dict[str, Any]

#: Addresses within the cluster, for whoever reads the stores from outside.
ADDRESSES = {"mimir": "198.18.200.11", "tempo": "198.18.200.12", "alertmanager": "198.18.200.13"}
DOOR = "botobs-test/nginx:1.0"
_USER = 10001
_MEMORY: Manifest = {"kvstore": {"store": "inmemory"}}
_ONE: Manifest = {**_MEMORY, "replication_factor": 1}
_S3 = {"endpoint": "object-store:7070", "tls_ca_path": "/secrets/ca.pem"}
#: One process has no peers, and the object store is a pod that shows a certificate of ours.
_OF_THE_PLACE: Mapping[str, Manifest] = {
    "mimir": {
        "target": "all",
        "server": {"http_listen_port": 8080, "log_level": "warn"},
        "query_scheduler": {"ring": _MEMORY},
        "querier": {"ring": _MEMORY},
        "distributor": {"ring": _MEMORY},
        "ingester": {"ring": _ONE, "partition_ring": _MEMORY},
        "store_gateway": {"sharding_ring": _ONE},
        "compactor": {"sharding_ring": _MEMORY, "data_dir": "/data/compactor"},
        "ruler": {"ring": _MEMORY, "rule_path": "/data/ruler"},
        "common": {
            "storage": {"s3": {"endpoint": _S3["endpoint"], "http": {"tls_ca_path": _S3["tls_ca_path"]}}}
        },
        "blocks_storage": {"tsdb": {"dir": "/data/tsdb"}, "bucket_store": {"sync_dir": "/data/sync"}},
        "limits": {"ruler_alertmanager_client_config": {"alertmanager_url": "https://alertmanager:9093"}},
        "activity_tracker": {"filepath": "/data/activity.log"},
    },
    "tempo": {
        "target": "all",
        "server": {"http_listen_port": 3200, "grpc_listen_port": 9095, "log_level": "warn"},
        "distributor": {
            "ring": _MEMORY,
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}}}},
        },
        "ingester": {"lifecycler": {"ring": _ONE}, "partition_ring": _MEMORY},
        "live_store": {"ring": _MEMORY, "partition_ring": _MEMORY},
        "querier": {"frontend_worker": {"frontend_address": "127.0.0.1:9095"}},
        "compactor": {"ring": _MEMORY},
        "metrics_generator": {
            "ring": _MEMORY,
            "storage": {"path": "/data/generator/wal"},
            "traces_storage": {"path": "/data/generator/traces"},
        },
        "storage": {"trace": {"wal": {"path": "/data/wal"}, "s3": {**_S3, "forcepathstyle": True}}},
    },
}
_NGINX = """\
daemon off;
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server { listen 8080; client_max_body_size 64M; location / { proxy_pass http://UPSTREAM; } }
SNIPPET
}
"""


def manifests(namespace: str) -> list[Manifest]:
    """Every object, but the Secrets that they mount."""
    made = [*_object_store(), *_mimir(), *_tempo(), *_alertmanager()]
    for each in made:
        each["metadata"]["namespace"] = namespace
    return made


def _object_store() -> Iterator[Manifest]:
    labels = {"app.kubernetes.io/name": "object-store"}
    keys = {"ROOT_ACCESS_KEY_ID": "OBJECT_STORE_KEY", "ROOT_SECRET_ACCESS_KEY": "OBJECT_STORE_SECRET"}
    env = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": "botobs-object-store", "key": key}}}
        for name, key in keys.items()
    ]
    buckets = [
        "/stand-in/busybox",
        "mkdir",
        "-p",
        "/data/buckets/mimir",
        "/data/buckets/tempo",
        "/data/attributes",
    ]
    image = pins()["object-store"].image
    mounts = [{"name": "data", "mountPath": "/data"}]
    pod = _pod(
        "versitygw", image, ["--port=:7070", "--cert=/secrets/server.pem", "--key=/secrets/server.key",
        "--quiet", "posix", "--sidecar=/data/attributes", "/data/buckets"], ready=7070, env=env,
    )  # fmt: skip
    pod["initContainers"] = [
        {
            "name": "buckets",
            "image": image,
            "command": buckets,
            "securityContext": _CONFINED,
            "volumeMounts": mounts,
        }
    ]
    yield _deployment("object-store", labels, pod)
    yield _service("object-store", labels, {"s3": 7070})


def _mimir() -> Iterator[Manifest]:
    config = upstream.merged(upstream.mimir(), _OF_THE_PLACE["mimir"])
    given = upstream.values("mimir-distributed")
    labels = {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/component": "all"}
    yield _config("mimir", {"mimir.yaml": yaml.safe_dump(config)})
    pod = _pod(
        "mimir", pins()["mimir"].image, ["-config.file=/config/mimir.yaml", "-config.expand-env=true"],
        ready=8080, config="mimir", env_from=given["global"]["extraEnvFrom"],
    )  # fmt: skip
    rules = given["ruler"]
    pod["volumes"] += [each for each in rules["extraVolumes"] if each["name"] == "rules"]
    pod["containers"][0]["volumeMounts"] += [
        each for each in rules["extraVolumeMounts"] if each["name"] == "rules"
    ]
    yield _deployment("mimir", labels, pod)
    for name in ("mimir-distributor-headless", "mimir-ingester-headless"):
        yield _service(name, labels, {"http": 8080}, address="None")
    yield _service("mimir-all", labels, {"http": 8080})
    snippet = given["gateway"]["nginx"]["config"]["httpSnippet"]
    yield from _door("mimir", snippet, "mimir-all:8080")


def _tempo() -> Iterator[Manifest]:
    config = upstream.merged(upstream.tempo(), _OF_THE_PLACE["tempo"])
    given = upstream.values("tempo-distributed")
    labels = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/component": "distributor"}
    yield _config("tempo", {"tempo.yaml": yaml.safe_dump(config)})
    args = ["-config.file=/config/tempo.yaml", *given["distributor"]["extraArgs"]]
    yield _deployment("tempo", labels, _pod(
        "tempo", pins()["tempo"].image, args, ready=3200, config="tempo",
        env_from=given["distributor"]["extraEnvFrom"],
    ))  # fmt: skip
    yield _service("tempo-distributor", labels, {"otlp": 4317})
    for name in ("tempo-distributor-discovery", "tempo-ingester-discovery"):
        yield _service(name, labels, {"http": 3200}, address="None")
    yield _service("tempo-all", labels, {"http": 3200})
    # Debian's nginx is older than the word: it says the same beside the port.
    snippet = given["gateway"]["nginxConfig"]["httpSnippet"]
    older = snippet.replace("http2 on;", "").replace("listen 8443 ssl;", "listen 8443 ssl http2;")
    yield from _door("tempo", older, "tempo-all:3200")


def _alertmanager() -> Iterator[Manifest]:
    given = upstream.values("alertmanager")
    labels = {"app.kubernetes.io/name": "alertmanager"}
    args = [
        "--config.file=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/data",
        f"--web.external-url={given['baseURL']}",
        *(f"--{name}={value}" for name, value in given["extraArgs"].items()),
        # One has nobody to gossip with.
        "--cluster.listen-address=",
    ]
    pod = _pod("alertmanager", pins()["alertmanager"].image, args, ready=9093)
    pod["securityContext"] = {**given["podSecurityContext"]}
    (container,) = pod["containers"]
    container["securityContext"] = given["securityContext"]
    pod["volumes"] = [{"name": "data", "emptyDir": {}}, *given["extraVolumes"]]
    container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}, *given["extraVolumeMounts"]]
    yield _deployment("alertmanager", labels, pod)
    yield _service("alertmanager", labels, {"http": 9093}, address=ADDRESSES["alertmanager"])
    yield _service("alertmanager-headless", labels, {"http": 9093}, address="None")


def _door(store: str, snippet: str, behind: str) -> Iterator[Manifest]:
    labels = {"app.kubernetes.io/name": store, "app.kubernetes.io/component": "gateway"}
    text = _NGINX.replace("UPSTREAM", behind).replace("SNIPPET", snippet)
    yield _config(f"{store}-door", {"nginx.conf": text})
    words = ["-c", "/config/nginx.conf"]
    yield _deployment(
        f"{store}-gateway", labels, _pod("nginx", DOOR, words, ready=8443, config=f"{store}-door")
    )
    yield _service(f"{store}-gateway", labels, {"https": 8443}, address=ADDRESSES[store])


_CONFINED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}


def _pod(
    name: str,
    image: str,
    args: Sequence[str],
    ready: int,
    config: str | None = None,
    env: Sequence[Manifest] = (),
    env_from: Sequence[Manifest] = (),
) -> Manifest:
    mounts = [
        {"name": "data", "mountPath": "/data"},
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "secrets", "mountPath": "/secrets", "readOnly": True},
    ]
    certificates = {"secretName": "botobs-certificates", "defaultMode": 0o440}
    volumes: list[Manifest] = [
        {"name": "data", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "secrets", "secret": certificates},
    ]
    if config:
        mounts.append({"name": "config", "mountPath": "/config", "readOnly": True})
        volumes.append({"name": "config", "configMap": {"name": config}})
    container: Manifest = {
        "name": name,
        "image": image,
        "args": list(args),
        "env": list(env),
        "envFrom": list(env_from),
        "readinessProbe": {"tcpSocket": {"port": ready}, "periodSeconds": 2},
        # Without a request a pod waits for all others.
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": _CONFINED,
        "volumeMounts": mounts,
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER, "runAsNonRoot": True},
        "containers": [container],
        "volumes": volumes,
    }


def _deployment(name: str, labels: Mapping[str, str], pod: Manifest) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
        },
    }


def _service(
    name: str, labels: Mapping[str, str], ports: Mapping[str, int], address: str | None = None
) -> Manifest:
    spec: Manifest = {
        "selector": dict(labels),
        "ports": [{"name": port, "port": number, "targetPort": number} for port, number in ports.items()],
    }
    if address:
        spec["clusterIP"] = address
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def _config(name: str, files: Mapping[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(files)}
