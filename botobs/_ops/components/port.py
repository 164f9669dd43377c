"""A listening port of the stack."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Auth(StrEnum):
    """The credential that a client must present to a listener, over TLS but for the database."""

    TOKEN = "a bearer token of `ingest.tokens`"
    CERTIFICATE = "a client certificate of the stack's authority"
    INTAKE = "the intake's certificate"
    PASSWORD = "a user that the program knows, with its password"
    DATABASE = "a role of the database with its password (SCRAM-SHA-256)"
    LOGIN = "a Grafana account with its password"
    TENANT = "a tenant's name with its password"
    ACCESS_KEY = "a request signed with the object store's key"
    GOSSIP = "the name of its cluster, in the gossip protocol"


@dataclass(frozen=True)
class Port:
    """One listening port.

    Attributes:
        variable: The environment variable that moves it.
        default: The port when nothing is set.
        component: Name of the component, or of the member of a cluster, that listens.
        purpose: Its use, in a few words.
        auth: The credential that a client must present.
    """

    variable: str
    default: int
    component: str
    purpose: str
    auth: Auth
