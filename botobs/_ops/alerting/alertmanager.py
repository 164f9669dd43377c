"""Asks Alertmanager over its API (https://github.com/prometheus/alertmanager/blob/v0.31.1/api/v2/openapi.yaml)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import httpx

from ..access import clients
from ..errors import StackError
from ..home import state

#: The worst first; other severities, of a user's own rules, are between them.
_SEVERITIES = {"critical": 0, "error": 1, "warning": 3, "info": 4, "none": 5}
_OTHER = 2
#: Labels that say what an alert is about, in the order of messages.
_ABOUT = ("exchange_name", "botobs_bot_id", "service_name", "service_instance_id")


#: Labels that make alerts of a name one fault, as they make one message (alertmanager/alertmanager.yml).
SHARED = ("service_name", "exchange_name")


class AnyAlert(Protocol):
    """An alert of Alertmanager, or of a page."""

    @property
    def name(self) -> str: ...

    @property
    def severity(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def labels(self) -> Mapping[str, str]: ...


A = TypeVar("A", bound=AnyAlert)


def faults(alerts: Iterable[A]) -> list[list[A]]:
    """Alerts by fault, in their order: fifty bots that fail for one reason must not bury what else fires."""
    found: dict[tuple[str, ...], list[A]] = {}
    for each in alerts:
        about = (each.labels.get(name, "") for name in SHARED)
        found.setdefault((each.name, each.severity, each.state, *about), []).append(each)
    return list(found.values())


def urgency(severity: str) -> int:
    """A number to sort severities by: the lower, the worse."""
    return _SEVERITIES.get(severity, _OTHER)


@dataclass(frozen=True)
class Alert:
    """An alert that Alertmanager holds.

    Attributes:
        since: When it began to fire.
        silenced: Ids of the silences that keep it quiet.
        inhibited: Whether another alert keeps it quiet.
        dashboard: The board that shows what it is about; empty where its rule names none.
    """

    labels: Mapping[str, str]
    summary: str
    since: datetime
    silenced: tuple[str, ...]
    inhibited: bool
    dashboard: str = ""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Alert:
        """Read an element of `/api/v2/alerts`."""
        return cls(
            labels=raw["labels"],
            summary=raw["annotations"].get("summary", ""),
            since=datetime.fromisoformat(raw["startsAt"]),
            silenced=tuple(raw["status"]["silencedBy"]),
            inhibited=bool(raw["status"]["inhibitedBy"]),
            dashboard=raw["annotations"].get("dashboard", ""),
        )

    @property
    def name(self) -> str:
        """Name of its rule."""
        return self.labels.get("alertname", "?")

    @property
    def severity(self) -> str:
        """The label `severity` of its rule; empty without."""
        return self.labels.get("severity", "")

    @property
    def notifies(self) -> bool:
        """Whether a notification is sent for it: it is neither silenced nor inhibited."""
        return not self.silenced and not self.inhibited

    @property
    def state(self) -> str:
        """`firing`, `silenced` or `inhibited`."""
        return "silenced" if self.silenced else "inhibited" if self.inhibited else "firing"

    @property
    def where(self) -> str:
        """The labels that say what it is about, such as service and exchange, separated by commas."""
        return ", ".join(self.labels[name] for name in _ABOUT if self.labels.get(name))


@dataclass(frozen=True)
class Silence:
    """A silence.

    Attributes:
        state: `active`, `pending` or `expired`.
    """

    id: str
    state: str
    matchers: tuple[str, ...]
    begins: datetime
    ends: datetime
    by: str
    why: str

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Silence:
        """Read an element of `/api/v2/silences`."""
        return cls(
            id=raw["id"],
            state=raw["status"]["state"],
            matchers=tuple(f'{each["name"]}{_operator(each)}"{each["value"]}"' for each in raw["matchers"]),
            begins=datetime.fromisoformat(raw["startsAt"]),
            ends=datetime.fromisoformat(raw["endsAt"]),
            by=raw["createdBy"],
            why=raw["comment"],
        )


def _operator(matcher: Mapping[str, Any]) -> str:
    equal = "=" if matcher.get("isEqual", True) else "!"
    return f"{equal}~" if matcher["isRegex"] else "=" if equal == "=" else "!="


class Alertmanager:
    """A client of a running Alertmanager.

    Args:
        http: Client with its address and the operator's login.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def alerts(self) -> list[Alert]:
        """What fires, the worst first and then the oldest, without what fires always."""
        found = [Alert.from_json(raw) for raw in self._ask("GET", "/api/v2/alerts")]
        firing = (alert for alert in found if alert.severity != "none")
        return sorted(firing, key=lambda alert: (urgency(alert.severity), alert.since))

    def post(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Send alerts to Alertmanager, as Prometheus does."""
        self._ask("POST", "/api/v2/alerts", alerts)

    def silences(self) -> list[Silence]:
        """Every silence that it remembers, the one that ends last first."""
        found = [Silence.from_json(raw) for raw in self._ask("GET", "/api/v2/silences")]
        return sorted(found, key=lambda silence: silence.ends, reverse=True)

    def silence(self, body: Mapping[str, Any]) -> str:
        """Make a silence; returns its id."""
        return str(self._ask("POST", "/api/v2/silences", body)["silenceID"])

    def expire(self, silence_id: str) -> None:
        """End a silence now."""
        self._ask("DELETE", f"/api/v2/silence/{silence_id}")

    def counter(self, name: str, **labels: str) -> float:
        """Sum of one of Alertmanager's counters over the series with these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        lines = self._text("/metrics").splitlines()
        samples = [
            line for line in lines if line.startswith(f"{name}{{") and all(each in line for each in wanted)
        ]
        return sum(float(line.rsplit(" ", 1)[1]) for line in samples)

    def _text(self, path: str) -> str:
        return self._request("GET", path, None).text

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        response = self._request(method, path, body)
        return response.json() if response.content else None

    def _request(self, method: str, path: str, body: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise StackError(f"Alertmanager cannot be reached: {error or type(error).__name__}") from None
        if response.is_error:
            raise StackError(f"Alertmanager answered {response.status_code}: {response.text.strip()[:300]}")
        return response


@contextmanager
def connect(running: state.Running) -> Iterator[Alertmanager]:
    """The Alertmanager of a running stack, for the length of a block.

    Raises:
        StackError: None runs there.
    """
    # The members of a cluster share alerts: any of them will do.
    name = next((part for part in sorted(running.parts) if part.startswith("alertmanager")), "alertmanager")
    with clients.of_part(running, name) as http:
        yield Alertmanager(http)


def labels_of(name: str, running: state.Running) -> Mapping[str, str]:
    """The labels that all firing alerts of a name share; none where none fires, or Alertmanager does not respond."""
    try:
        with connect(running) as alertmanager:
            return _common(name, alertmanager)
    except StackError:
        # A runbook is read above all when something does not respond.
        return {}


def agreed(name: str, labels: Sequence[str], http: httpx.Client | None) -> Mapping[str, str]:
    """The same of these labels alone.

    Args:
        name: Of the alert.
        labels: Their names.
        http: Client of an Alertmanager; None where none runs.

    Raises:
        StackError: It does not answer.
    """
    common = {} if http is None else _common(name, Alertmanager(http))
    return {key: common[key] for key in labels if common.get(key)}


def _common(name: str, alertmanager: Alertmanager) -> Mapping[str, str]:
    first, *others = [alert.labels for alert in alertmanager.alerts() if alert.name == name] or [{}]
    return {key: value for key, value in first.items() if all(each.get(key) == value for each in others)}
