"""Settings of the exchange simulator, from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..environment import names, port, read
from .exchange import Behaviour
from .instruments import instrument


@dataclass(frozen=True)
class Config:
    """The settings.

    Attributes:
        port: Port on 127.0.0.1 of all APIs.
        behaviour: What is traded, and how many orders are rejected.
    """

    port: int = 8083
    behaviour: Behaviour = field(default_factory=Behaviour)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings.

        Raises:
            SystemExit: A variable is invalid.
        """
        default = Behaviour()
        return cls(
            port=read(environ, "DEMO_PORT", cls.port, port),
            behaviour=Behaviour(
                symbols=read(environ, "DEMO_SYMBOLS", default.symbols, _symbols),
                seed=read(environ, "DEMO_SEED", default.seed, int),
                reject_share=read(environ, "DEMO_REJECT_SHARE", default.reject_share, _share),
            ),
        )


def _symbols(text: str) -> tuple[str, ...]:
    return tuple(instrument(name).symbol for name in names(text))


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError("it must be from 0 to 1")
    return value
