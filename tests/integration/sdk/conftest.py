"""The fixtures of the SDK's quick tests, for programs that take longer."""

from tests.unit.conftest import receiver
from tests.unit.sdk.conftest import engine, environment, start

__all__ = ["engine", "environment", "receiver", "start"]
