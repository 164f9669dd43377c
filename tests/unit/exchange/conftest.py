"""What the exchange tests share: telemetry in memory, and a fake exchange."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import ReadableSpan

from botobs._sdk.patching import failures
from tests.support.fake_binance import FakeBinance
from tests.support.telemetry import Recorder


class ExchangeRecorder(Recorder):
    """Telemetry in memory."""

    def named(self, name: str) -> list[ReadableSpan]:
        """The ended spans that are called `name`."""
        return [span for span in self.spans() if span.name == name]


@pytest.fixture
def recorded() -> Iterator[ExchangeRecorder]:
    """Telemetry in memory; the test fails if botobs made a mistake meanwhile."""
    before = failures.counts()
    yield ExchangeRecorder()
    assert failures.counts() == before


@pytest_asyncio.fixture
async def binance() -> AsyncIterator[FakeBinance]:
    """A fake Binance that listens."""
    fake = FakeBinance()
    await fake.start()
    yield fake
    await fake.stop()
