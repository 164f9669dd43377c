"""How a stack is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How a stack is run.

    Attributes:
        postgres: Run a PostgreSQL of our own, with its exporter.
        mimir: Run the long-term store beside Prometheus.
        cluster: Run separate, replicated processes with an object store, in place of one of each.
        ports_auto: Pick free ports.
        embedded_first: Where programs are missing, begin on the embedded store, and go on with the backends when they
            are there; not for a cluster.
        publish: Let every service of this user find the stack.
        variables: Values for the configuration, over those of the environment and of the home's `botobs.toml`.
        arguments: Of `botobs up`, for whoever starts the stack again.
        strict: Refuse names that begin with `BOTOBS_` and that nothing reads.
        keep_going: Start the rest when a part does not become ready, and try it again.
    """

    postgres: bool = False
    mimir: bool = False
    cluster: bool = False
    ports_auto: bool = False
    embedded_first: bool = False
    publish: bool = True
    variables: Mapping[str, str] | None = None
    arguments: tuple[str, ...] = ()
    strict: bool = False
    keep_going: bool = False
